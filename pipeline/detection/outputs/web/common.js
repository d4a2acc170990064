"use strict";

const byId = (id) => document.getElementById(id);
const data = byId("data") && JSON.parse(byId("data").textContent);

function clock(time) {
  const tenths = Math.round(10 * time);
  const two = (value) => String(value).padStart(2, "0");
  return `${Math.floor(tenths / 36000)}:${two(Math.floor(tenths / 600) % 60)}:`
    + `${two(Math.floor(tenths / 10) % 60)}.${tenths % 10}`;
}

function element(name, text = "", parent = null) {
  const made = document.createElement(name);
  made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

// The named bars of a face.
function bars(number, percent) {
  const box = element("div");
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
  return box;
}
