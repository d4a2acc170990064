// Seconds are those of the source. The annotated video begins at `start` of them.
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const whole32 = (text) => new Uint32Array(bytes(text).buffer);

const seconds = Float64Array.from(whole32(data.milliseconds), (value) => value / 1000);
const faces = data.faces.map((face) => (
  { number: face.number, frames: whole32(face.frames), percent: bytes(face.percent) }));
const { classes, colors, start, duration, cuts } = data;
window.emotions = { classes, colors, start, duration, cuts, seconds, faces };

const facesInFrame = new Uint16Array(seconds.length);
for (const face of faces) for (const frame of face.frames) facesInFrame[frame] += 1;

const video = byId("video");
const timeline = byId("timeline");
const canvas = timeline.querySelector("canvas");
const first = seconds[0];
const last = Math.max(duration, first + 0.001);
const LEAST_VIEW = Math.min(0.5, last - first); // seconds
const MARKS = 10; // CSS pixels below the emotions for cuts and times without a face
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];

let chosen = faces[0];
let view = [first, last]; // the seconds that the timeline shows
let shownFrame = -1;

// The number of values in a sorted array that are at most `limit`.
function upTo(values, limit) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= limit) low = middle + 1; else high = middle;
  }
  return low;
}

// A time that the video rounds down a little still belongs to its frame.
const frameAt = (time) => Math.max(0, upTo(seconds, time + 0.002) - 1);
const now = () => video.currentTime + start;

// Percent of each class of a face at a frame, or null where the face is not in it.
function percentAt(face, frame) {
  const place = upTo(face.frames, frame) - 1;
  if (place < 0 || face.frames[place] !== frame) return null;
  return face.percent.subarray(place * classes.length, (place + 1) * classes.length);
}

function seek(time) {
  // A millisecond later, so that rounding does not lead to the frame before.
  video.currentTime = Math.max(0, Math.min(Math.max(time, first), last) - start + 0.001);
  show();
}

function step(frames) {
  video.pause();
  seek(seconds[Math.max(0, Math.min(seconds.length - 1, frameAt(now()) + frames))]);
}

function look(from, length) {
  const wide = Math.max(LEAST_VIEW, Math.min(length, last - first));
  const left = Math.max(first, Math.min(from, last - wide));
  view = [left, left + wide];
  draw();
  show();
}

function zoom(factor) {
  const length = (view[1] - view[0]) / factor;
  look(now() - length / 2, length);
}

function draw() {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  const pen = canvas.getContext("2d");
  const height = canvas.height - MARKS * ratio;
  const timeAt = (x) => view[0] + (view[1] - view[0]) * x / canvas.width;
  const xAt = (time) => (time - view[0]) / (view[1] - view[0]) * canvas.width;
  for (let x = 0; x < canvas.width; x += 1) {
    const from = frameAt(timeAt(x));
    const to = Math.max(from + 1, frameAt(timeAt(x + 1)));
    if (chosen) drawColumn(pen, x, height, from, to);
    if (facesInFrame.subarray(from, to).every((count) => count === 0)) {
      pen.fillStyle = "#808080";
      pen.fillRect(x, height + 4 * ratio, 1, canvas.height);
    }
  }
  pen.fillStyle = "#808080";
  for (const cut of cuts) pen.fillRect(Math.round(xAt(cut)), 0, Math.ceil(ratio), canvas.height);
  drawTicks();
}

// The mean of the chosen face over the frames from..to-1, the classes one above the other.
function drawColumn(pen, x, height, from, to) {
  const begin = upTo(chosen.frames, from - 1);
  const end = upTo(chosen.frames, to - 1);
  if (begin === end) return;
  const sums = classes.map((name, place) => {
    let sum = 0;
    for (let i = begin; i < end; i += 1) sum += chosen.percent[i * classes.length + place];
    return sum;
  });
  const total = sums.reduce((a, b) => a + b); // rounded numbers add up to 98 to 102%
  let bottom = height;
  sums.forEach((sum, place) => {
    pen.fillStyle = colors[place];
    pen.fillRect(x, bottom - sum / total * height, 1, sum / total * height);
    bottom -= sum / total * height;
  });
}

function drawTicks() {
  const length = view[1] - view[0];
  const most = Math.max(2, canvas.clientWidth / 90);
  const width = STEPS.find((value) => length / value <= most) || STEPS[STEPS.length - 1];
  byId("ticks").replaceChildren();
  for (let tick = Math.ceil(view[0] / width); tick * width <= view[1]; tick += 1) {
    const label = element("span", clock(tick * width), byId("ticks"));
    label.style.left = `${(tick * width - view[0]) / length * 100}%`;
  }
}

// Shows the moment of the video: the playhead, the time and each visible face's emotions.
function show() {
  const time = now();
  if (!video.paused && (time < view[0] || time > view[1])) {
    look(time, view[1] - view[0]);
    return;
  }
  byId("playhead").style.left = `${(time - view[0]) / (view[1] - view[0]) * 100}%`;
  const frame = frameAt(time);
  if (frame === shownFrame) return;
  shownFrame = frame;
  byId("time").textContent = clock(seconds[frame]);
  const seen = faces.filter((face) => percentAt(face, frame))
    .sort((a, b) => (b === chosen) - (a === chosen) || a.number - b.number);
  byId("now").replaceChildren(...seen.map((face) => bars(face.number, percentAt(face, frame))));
  if (!seen.length) element("p", "no face", byId("now"));
  timeline.setAttribute("aria-valuenow", seconds[frame].toFixed(2));
  timeline.setAttribute("aria-valuetext", [clock(seconds[frame]), ...seen.map((face) => {
    const percent = percentAt(face, frame);
    const best = percent.indexOf(Math.max(...percent));
    return `face ${face.number} ${classes[best]} ${percent[best]}%`;
  })].join(", "));
}

function choose(number) {
  chosen = faces.find((face) => face.number === number);
  byId("chosen").textContent = chosen ? `face ${number}` : "no face";
  for (const row of document.querySelectorAll("[data-face]")) {
    row.setAttribute("aria-pressed", String(Number(row.dataset.face) === number));
  }
  shownFrame = -1;
  draw();
  show();
}

function play() {
  show();
  if (!video.paused) requestAnimationFrame(play);
}

async function copyTime() {
  const text = byId("time").textContent;
  try {
    await navigator.clipboard.writeText(text);
    byId("copy").textContent = "Copied";
  } catch {
    window.prompt("The time", text);
  }
  setTimeout(() => { byId("copy").textContent = "Copy the time"; }, 1500);
}

const KEYS = {
  ArrowLeft: () => step(-1), ArrowRight: () => step(1), "+": () => zoom(2), "-": () => zoom(0.5),
  Home: () => seek(first), End: () => seek(seconds[seconds.length - 1]),
  " ": () => (video.paused ? video.play() : video.pause()),
};

document.addEventListener("keydown", (event) => {
  const pressed = event.target.closest("button, a, summary"); // space and Enter are theirs
  if (!(event.key in KEYS) || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === " " && pressed) return;
  if ((event.key === "Home" || event.key === "End") && event.target !== timeline) return;
  event.preventDefault();
  KEYS[event.key]();
}, true);

function seekTo(event) {
  const area = timeline.getBoundingClientRect();
  seek(view[0] + (event.clientX - area.left) / area.width * (view[1] - view[0]));
}

timeline.addEventListener("pointerdown", (event) => {
  timeline.setPointerCapture(event.pointerId);
  seekTo(event);
});
timeline.addEventListener("pointermove", (event) => {
  if (timeline.hasPointerCapture(event.pointerId)) seekTo(event);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-seconds]");
  if (!button) return;
  choose(Number(button.dataset.face || button.dataset.of));
  const time = Number(button.dataset.seconds);
  if (time < view[0] || time > view[1]) look(time, view[1] - view[0]);
  seek(time);
});
byId("in").addEventListener("click", () => zoom(2));
byId("out").addEventListener("click", () => zoom(0.5));
byId("whole").addEventListener("click", () => look(first, last - first));
byId("copy").addEventListener("click", copyTime);
video.addEventListener("play", play);
for (const event of ["seeking", "seeked", "timeupdate"]) video.addEventListener(event, show);
video.addEventListener("error", () => { byId("failure").hidden = false; });
window.addEventListener("beforeprint", () => { byId("run").open = true; });
new ResizeObserver(draw).observe(timeline);

classes.forEach((name, place) => {
  const item = element("li", "", byId("legend"));
  element("i", "", item).style.background = colors[place];
  item.append(name);
});
timeline.setAttribute("aria-valuemin", first.toFixed(2));
timeline.setAttribute("aria-valuemax", last.toFixed(2));
choose(chosen ? chosen.number : 0);
