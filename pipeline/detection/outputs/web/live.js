const MINUTE = 60; // seconds
const MOST_FACES = 6;
let notes = data.notes; // of the last minute, at most five a second
window.shown = 0; // pictures

// Asks for the next picture when this one is shown, so a slow viewer leaves some out.
async function follow() {
  for (let number = -1; ;) {
    try {
      const answer = await fetch(`newest?after=${number}`);
      if (!answer.ok) throw new Error(await answer.text());
      const newest = await answer.json();
      number = newest.number;
      show(newest);
      await byId("picture").decode();
      window.shown += 1;
    } catch (error) {
      byId("state").textContent = error instanceof TypeError ? "the run has ended" : error.message;
      await new Promise((done) => { setTimeout(done, 1000); });
    }
  }
}

function show(newest) {
  byId("picture").src = newest.picture;
  byId("pause").ariaPressed = newest.paused;
  byId("pause").textContent = newest.paused ? "Go on" : "Pause";
  byId("state").textContent = newest.text;
  showBars(Object.entries(newest.faces));
  if (notes.length && newest.time < notes.at(-1).time + 0.2) return;
  notes = [...notes.filter((note) => note.time > newest.time - MINUTE), newest];
  const faces = [...new Set(notes.flatMap((note) => Object.keys(note.faces)))];
  byId("minute").replaceChildren(...faces.slice(-MOST_FACES).map(minute));
}

// A face's emotions over the last minute, the classes one above the other.
function minute(face) {
  const box = element("figure");
  element("figcaption", `Face ${face}`, box);
  const canvas = element("canvas", "", box);
  [canvas.width, canvas.height] = [5 * MINUTE, 100];
  const pen = canvas.getContext("2d");
  for (const note of notes) {
    const x = canvas.width - 5 * (notes.at(-1).time - note.time) - 6;
    if (face in note.faces) drawColumn(pen, x, 6, canvas.height, note.faces[face]);
  }
  return box;
}

for (const name of ["pause", "end"]) {
  byId(name).addEventListener("click", () => fetch(name, { method: "POST" }));
}
showLegend();
follow();
