const MINUTE = 60; // seconds
const LATER = 1000; // milliseconds until a failed request is tried again
const pause = (time) => new Promise((done) => { setTimeout(done, time); });
let number = "";
window.shown = 0; // frames

// Asks for the next frame when this one is shown, so a slow viewer leaves out frames.
async function showFrames() {
  for (;;) {
    try {
      const answer = await fetch(`frame?after=${number}`);
      if (!answer.ok) throw new Error(await answer.text());
      number = answer.headers.get("X-Number");
      const url = URL.createObjectURL(await answer.blob());
      const before = byId("picture").src;
      byId("picture").src = url;
      await byId("picture").decode();
      URL.revokeObjectURL(before);
      window.shown += 1;
    } catch (error) {
      byId("state").textContent = error instanceof TypeError ? "the run has ended" : error.message;
      await pause(LATER);
    }
  }
}

async function showNotes() {
  for (;;) {
    try {
      const { paused, notes } = await (await fetch("notes")).json();
      byId("pause").setAttribute("aria-pressed", String(paused));
      byId("pause").textContent = paused ? "Go on" : "Pause";
      if (notes.length) show(notes);
    } catch { // showFrames says why
    }
    await pause(250);
  }
}

function show(notes) {
  const last = notes[notes.length - 1];
  byId("state").textContent = `${clock(last.seconds)}, ${last.frames} frames, ${last.rate} a second`;
  byId("now").replaceChildren(...Object.entries(last.faces).map(([face, percent]) => (
    bars(face, percent))));
  if (!Object.keys(last.faces).length) element("p", "no face", byId("now"));
  const faces = [...new Set(notes.flatMap((note) => Object.keys(note.faces)))];
  byId("minute").replaceChildren(...faces.slice(-6).map((face) => minute(face, notes)));
}

// A face's emotions over the last minute, the classes one above the other.
function minute(face, notes) {
  const box = element("figure");
  element("figcaption", `Face ${face}`, box);
  const canvas = element("canvas", "", box);
  [canvas.width, canvas.height] = [5 * MINUTE, 60];
  const pen = canvas.getContext("2d");
  const end = notes[notes.length - 1].time;
  for (const note of notes) {
    let bottom = canvas.height;
    (note.faces[face] || []).forEach((percent, place) => {
      const height = percent / 100 * canvas.height;
      pen.fillStyle = data.colors[place];
      pen.fillRect(canvas.width - 5 * (end - note.time) - 6, bottom - height, 6, height);
      bottom -= height;
    });
  }
  return box;
}

byId("pause").addEventListener("click", () => fetch("pause", { method: "POST" }));
byId("end").addEventListener("click", () => fetch("end", { method: "POST" }));
showFrames();
showNotes();
