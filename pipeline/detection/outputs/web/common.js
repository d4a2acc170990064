"use strict";

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data")?.textContent ?? "null");

function element(name, text = "", parent = null) {
  const made = document.createElement(name);
  made.textContent = text;
  parent?.append(made);
  return made;
}

function showLegend() {
  data.classes.forEach((name, place) => {
    const item = element("li", "", document.querySelector(".legend"));
    element("i", "", item).style.background = data.colors[place];
    item.append(name);
  });
}

// The named bars of each visible face. faces: [number, percent of each class].
function showBars(faces) {
  byId("now").replaceChildren();
  if (!faces.length) element("p", "no face", byId("now"));
  for (const [number, percent] of faces) {
    const box = element("div", "", byId("now"));
    element("h3", `Face ${number}`, box);
    data.classes.forEach((name, place) => {
      const row = element("div", "", box);
      row.className = "emotion";
      element("span", name, row);
      element("span", `${percent[place]}%`, row);
      const bar = element("i", "", row);
      bar.style.width = `${percent[place]}%`;
      bar.style.background = data.colors[place];
    });
  }
}

// The classes one above the other. Rounded numbers add up to 98 to 102 percent.
function drawColumn(pen, x, width, height, percent) {
  const total = percent.reduce((a, b) => a + b);
  let bottom = height;
  percent.forEach((value, place) => {
    pen.fillStyle = data.colors[place];
    pen.fillRect(x, bottom - value / total * height, width, value / total * height);
    bottom -= value / total * height;
  });
}
