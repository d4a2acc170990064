// Seconds are those of the source. The annotated video begins at `start` of them.
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const whole32 = (text) => new Uint32Array(bytes(text).buffer);

const seconds = Float64Array.from(whole32(data.milliseconds), (value) => value / 1000);
const faces = data.faces.map((face) => (
  { number: face.number, frames: whole32(face.frames), percent: bytes(face.percent) }));
const { classes, colors, start, duration, cuts } = data;
window.emotions = { classes, colors, start, duration, cuts, seconds, faces };

const video = byId("video");
const timeline = byId("timeline");
const canvas = document.querySelector(".timeline canvas");
const first = seconds[0];
const last = Math.max(duration, first + 0.001);
const LEAST_VIEW = Math.min(0.5, last - first); // seconds
const MARKS = 10; // CSS pixels below the emotions for cuts and times without a face

let chosen = faces[0];
let view = [first, last]; // the seconds that the timeline shows
let shownFrame = -1;

// h:mm:ss.s
const clock = (time) => (
  new Date(100 * Math.round(10 * time)).toISOString().slice(time < 36000 ? 12 : 11, 21));

// The number of values in a sorted array that are at most `limit`.
function upTo(values, limit) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= limit) low = middle + 1; else high = middle;
  }
  return low;
}

// A time that the video rounds down a little still belongs to its frame.
const frameAt = (time) => Math.max(0, upTo(seconds, time + 0.002) - 1);
const now = () => video.currentTime + start;

// Percent of each class of a face: the sum over its frames from..to-1, or null without any.
function percentIn(face, from, to) {
  const sums = classes.map(() => 0);
  const end = upTo(face.frames, to - 1) * classes.length;
  const begin = upTo(face.frames, from - 1) * classes.length;
  for (let i = begin; i < end; i += 1) sums[i % classes.length] += face.percent[i];
  return begin < end ? sums : null;
}

function seek(time) {
  // A millisecond later, so that rounding does not lead to the frame before.
  video.currentTime = Math.max(0, Math.min(Math.max(time, first), seconds.at(-1)) - start + 0.001);
  show();
}

function step(frames) {
  video.pause();
  seek(seconds[frameAt(now()) + frames] ?? now());
}

// Shows a time, by default in the view's length, or a part of that.
function look(time, part = 1) {
  const length = Math.max(LEAST_VIEW, Math.min(part * (view[1] - view[0]), last - first));
  const left = Math.max(first, Math.min(time - length / 2, last - length));
  view = [left, left + length];
  draw();
  show();
}

function draw() {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  const pen = canvas.getContext("2d");
  const height = canvas.height - MARKS * ratio;
  const length = view[1] - view[0];
  for (let x = 0; x < canvas.width; x += 1) {
    const from = frameAt(view[0] + length * x / canvas.width);
    const to = Math.max(from + 1, frameAt(view[0] + length * (x + 1) / canvas.width));
    const percent = chosen && percentIn(chosen, from, to);
    if (percent) drawColumn(pen, x, 1, height, percent);
    pen.fillStyle = "#808080";
    if (!faces.some((face) => percentIn(face, from, to))) {
      pen.fillRect(x, height + 4 * ratio, 1, canvas.height);
    }
  }
  for (const cut of cuts) {
    pen.fillRect(Math.round((cut - view[0]) / length * canvas.width), 0, Math.ceil(ratio), canvas.height);
  }
  byId("ticks").replaceChildren(...[0, 0.25, 0.5, 0.75, 1].map((part) => (
    element("span", clock(view[0] + part * length)))));
}

// Shows the moment of the video: in the timeline, the time and each visible face's emotions.
function show() {
  const time = now();
  if (!video.paused && (time < view[0] || time > view[1])) {
    look(time);
    return;
  }
  [timeline.min, timeline.max] = view;
  timeline.value = time;
  const frame = frameAt(time);
  if (frame === shownFrame) return;
  shownFrame = frame;
  byId("time").textContent = clock(seconds[frame]);
  const seen = faces.map((face) => [face.number, percentIn(face, frame, frame + 1)])
    .filter(([, percent]) => percent)
    .sort(([a], [b]) => (b === chosen.number) - (a === chosen.number) || a - b);
  showBars(seen);
  timeline.ariaValueText = [clock(seconds[frame]), ...seen.map(([number, percent]) => {
    const best = percent.indexOf(Math.max(...percent));
    return `face ${number} ${classes[best]} ${percent[best]}%`;
  })].join(", ");
}

function choose(number) {
  chosen = faces.find((face) => face.number === number);
  byId("chosen").textContent = chosen ? `face ${number}` : "no face";
  const rows = document.querySelectorAll("[data-face]");
  rows.forEach((row) => { row.ariaPressed = Number(row.dataset.face) === number; });
  shownFrame = -1;
  draw();
  show();
}

const KEYS = {
  ArrowLeft: () => step(-1), ArrowRight: () => step(1),
  "+": () => look(now(), 0.5), "-": () => look(now(), 2),
  " ": () => (video.paused ? video.play() : video.pause()),
};

document.addEventListener("keydown", (event) => {
  if (!(event.key in KEYS) || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === " " && event.target.closest("button, a, summary")) return;
  event.preventDefault();
  KEYS[event.key]();
}, true);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-seconds]");
  if (!button) return;
  choose(Number(button.dataset.face || button.dataset.of));
  const time = Number(button.dataset.seconds);
  if (time < view[0] || time > view[1]) look(time);
  seek(time);
});
timeline.addEventListener("input", () => seek(timeline.valueAsNumber));
byId("in").addEventListener("click", KEYS["+"]);
byId("out").addEventListener("click", KEYS["-"]);
byId("whole").addEventListener("click", () => look(first, Infinity));
byId("copy").addEventListener("click", async ({ target }) => {
  const text = byId("time").textContent;
  try {
    await navigator.clipboard.writeText(text);
    target.textContent = "Copied";
  } catch {
    window.prompt("The time", text);
  }
  setTimeout(() => { target.textContent = "Copy the time"; }, 1500);
});
video.addEventListener("play", function play() {
  show();
  if (!video.paused) requestAnimationFrame(play);
});
for (const event of ["seeking", "seeked", "timeupdate"]) video.addEventListener(event, show);
video.addEventListener("error", () => { byId("failure").hidden = false; });
window.addEventListener("beforeprint", () => { byId("run").open = true; });
new ResizeObserver(draw).observe(canvas);
showLegend();
choose(chosen?.number);
