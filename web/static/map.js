// The map of questions: points written into the pixels of a canvas, which a browser without a graphics card does
// fifty times a second for a hundred thousand of them; docs/adr says why no library draws it.

const box = document.getElementById("map");
const canvas = box.querySelector("canvas");
const tip = box.querySelector(".tip");
const pen = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
const list = document.getElementById("clusters");
const asked = document.getElementById("asked");
const status = document.getElementById("in-view");
const rows = new Map([...list.children].map((row) => [Number(row.dataset.cluster), row]));
const texts = new Map();
const MOST_ASKED = 12;
const view = { x: 0, y: 0, scale: 1 };
let points = { count: 0, ids: [], clusters: [], x: [], y: [] };
let width = 0, height = 0, ratio = 1, image, pixels, picks, paints, paper, waiting = false, hovered = -1;

const load = async () => {
  const answer = await fetch(box.dataset.points);
  if (!answer.ok) throw new Error(answer.statusText);
  const bytes = await answer.arrayBuffer();
  const count = new DataView(bytes).getUint32(0, true);
  const at = (part) => 4 + part * count;
  points = {
    count,
    ids: new Uint32Array(bytes, at(0), count),
    clusters: new Uint32Array(bytes, at(4), count),
    x: Float32Array.from(new Uint16Array(bytes, at(8), count), (value) => value / 65535),
    y: Float32Array.from(new Uint16Array(bytes, at(10), count), (value) => value / 65535),
  };
};

// Colours: a theme has one hue, its clusters differ a little in lightness; without themes each cluster has a hue.
const dark = () => getComputedStyle(document.documentElement).colorScheme === "dark"
  || (document.documentElement.dataset.theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);

function colourOf(cluster, night) {
  const row = rows.get(cluster);
  const theme = Number(row?.dataset.themeId ?? 0) || cluster;
  const hue = (theme * 137.508) % 360;
  const light = (night ? 62 : 42) + ((cluster * 7) % 3) * 6;
  return `hsl(${hue.toFixed(1)} 55% ${light}%)`;
}

function packedColour(css) {
  pen.fillStyle = css;
  pen.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
  return (255 << 24) | (blue << 16) | (green << 8) | red;
}

function colour() {
  const night = dark();
  paper = packedColour(getComputedStyle(box).backgroundColor);
  const known = new Map([[0, packedColour(night ? "#555c69" : "#b9b9b2")]]);
  paints = new Int32Array(points.count);
  for (let i = 0; i < points.count; i++) {
    const cluster = points.clusters[i];
    if (!known.has(cluster)) known.set(cluster, packedColour(colourOf(cluster, night)));
    paints[i] = known.get(cluster);
  }
  for (const [cluster, row] of rows) row.querySelector(".dot circle").setAttribute("fill", colourOf(cluster, night));
}

function resize() {
  ratio = Math.min(2, devicePixelRatio || 1);
  width = canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  height = canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  image = pen.createImageData(width, height);
  pixels = new Int32Array(image.data.buffer);
  picks = new Int32Array(width * height);
  draw();
}

const side = () => Math.min(width, height) * 0.94;
const left = () => width / 2 + (view.x - 0.5 * view.scale) * side();
const top = () => height / 2 + (view.y - 0.5 * view.scale) * side();

function stamp(radius) {
  const spots = [];
  for (let y = -radius; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++) if (x * x + y * y <= radius * radius + 0.5) spots.push([x, y]);
  }
  return spots;
}

function draw() {
  if (waiting || !paints) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    paint();
  });
}

function paint() {
  pixels.fill(paper);
  picks.fill(-1);
  const crowd = Math.sqrt(points.count) / 170;
  const radius = Math.max(1, Math.min(7, Math.round((1.4 * ratio * Math.sqrt(view.scale)) / Math.max(0.7, crowd))));
  const spots = stamp(radius);
  const size = side() * view.scale, dx = left(), dy = top();
  for (let i = 0; i < points.count; i++) {
    const px = Math.round(dx + points.x[i] * size), py = Math.round(dy + points.y[i] * size);
    if (px < radius || py < radius || px >= width - radius || py >= height - radius) continue;
    const middle = py * width + px, paintOf = paints[i];
    for (const [x, y] of spots) {
      const at = middle + y * width + x;
      pixels[at] = paintOf;
      picks[at] = i;
    }
  }
  pen.putImageData(image, 0, 0);
  if (hovered >= 0) ring(dx + points.x[hovered] * size, dy + points.y[hovered] * size, radius + 3 * ratio);
  later();
}

function ring(x, y, radius) {
  pen.strokeStyle = getComputedStyle(box).color;
  pen.lineWidth = 2 * ratio;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.stroke();
}

// The list: clusters with points in view, most first; when few questions are in view, these themselves.
let timer;
const later = () => {
  clearTimeout(timer);
  timer = setTimeout(tell, 120);
};

function inView() {
  const size = side() * view.scale, dx = left(), dy = top(), found = [];
  for (let i = 0; i < points.count; i++) {
    const px = dx + points.x[i] * size, py = dy + points.y[i] * size;
    if (px >= 0 && py >= 0 && px < width && py < height) found.push(i);
  }
  return found;
}

function tell() {
  const seen = inView();
  const counts = new Map();
  for (const i of seen) counts.set(points.clusters[i], (counts.get(points.clusters[i]) ?? 0) + 1);
  status.textContent = new Intl.NumberFormat(document.documentElement.lang).format(seen.length);
  const shown = [...rows].filter(([cluster]) => counts.has(cluster));
  shown.sort((one, other) => counts.get(other[0]) - counts.get(one[0]));
  for (const [cluster, row] of rows) row.hidden = !counts.has(cluster);
  list.append(...shown.map(([, row]) => row));
  list.hidden = !shown.length;
  askedIn(seen);
}

async function askedIn(seen) {
  asked.hidden = seen.length === 0 || seen.length > MOST_ASKED;
  if (asked.hidden) return asked.replaceChildren();
  const ids = seen.map((i) => points.ids[i]);
  await read(ids);
  asked.replaceChildren(...ids.filter((id) => texts.has(id)).map((id) => {
    const row = document.createElement("li");
    row.dataset.row = "";
    const link = Object.assign(document.createElement("a"), { className: "title clip", href: addressOf(id), textContent: texts.get(id) });
    row.append(link);
    return row;
  }));
}

const addressOf = (id) => box.dataset.question.replace(/0$/, id);

async function read(ids) {
  const missing = ids.filter((id) => !texts.has(id));
  if (!missing.length) return;
  const answer = await fetch(`${box.dataset.texts}?ids=${missing.join(",")}`);
  if (!answer.ok) return;
  for (const one of (await answer.json()).texts) texts.set(one.id, one.text);
}

// Moving and zooming.
function zoom(factor, x = width / 2, y = height / 2) {
  const scale = Math.min(60, Math.max(1, view.scale * factor));
  const real = scale / view.scale;
  const fromX = (x - width / 2) / side(), fromY = (y - height / 2) / side();
  view.x = fromX - (fromX - view.x) * real;
  view.y = fromY - (fromY - view.y) * real;
  view.scale = scale;
  stay();
}

function stay() {
  const most = view.scale / 2;
  view.x = Math.min(most, Math.max(-most, view.x));
  view.y = Math.min(most, Math.max(-most, view.y));
  draw();
}

function move(dx, dy) {
  view.x += dx / side();
  view.y += dy / side();
  stay();
}

function showAll() {
  Object.assign(view, { x: 0, y: 0, scale: 1 });
  draw();
}

const place = (event) => {
  const frame = canvas.getBoundingClientRect();
  return [(event.clientX - frame.left) * ratio, (event.clientY - frame.top) * ratio];
};
const fingers = new Map();
let dragged = 0;

canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...place(event));
}, { passive: false });
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, place(event));
  dragged = 0;
});
canvas.addEventListener("pointermove", (event) => {
  const now = place(event), before = fingers.get(event.pointerId);
  if (!before) return hover(now);
  const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const far = (one) => Math.hypot(one[0] - other[0], one[1] - other[1]);
    zoom(far(now) / Math.max(1, far(before)), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  } else move(now[0] - before[0], now[1] - before[1]);
  dragged += Math.hypot(now[0] - before[0], now[1] - before[1]);
  fingers.set(event.pointerId, now);
});
for (const name of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(name, (event) => fingers.delete(event.pointerId));
}
canvas.addEventListener("pointerleave", () => hover([-1, -1]));
canvas.addEventListener("click", (event) => {
  const at = under(place(event));
  if (at >= 0 && dragged < 6 * ratio) location.assign(addressOf(points.ids[at]));
});

function under([x, y]) {
  for (let reach = 0; reach <= 4; reach++) {
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) {
        const px = Math.round(x) + dx, py = Math.round(y) + dy;
        if (px >= 0 && py >= 0 && px < width && py < height && picks[py * width + px] >= 0) return picks[py * width + px];
      }
    }
  }
  return -1;
}

async function hover(at) {
  const found = at[0] < 0 ? -1 : under(at);
  if (found === hovered) return;
  hovered = found;
  canvas.classList.toggle("on", found >= 0);
  draw();
  if (found < 0) return void (tip.hidden = true);
  const id = points.ids[found];
  await read([id]);
  if (hovered !== found || !texts.has(id)) return;
  const cluster = rows.get(points.clusters[found])?.querySelector("a.title").textContent.trim();
  tip.replaceChildren(texts.get(id));
  if (cluster) tip.append(Object.assign(document.createElement("div"), { className: "small quiet", textContent: cluster }));
  tip.hidden = false;
}

const KEYS = {
  ArrowLeft: () => move(width / 8, 0),
  ArrowRight: () => move(-width / 8, 0),
  ArrowUp: () => move(0, height / 8),
  ArrowDown: () => move(0, -height / 8),
  Equal: () => zoom(1.4),
  NumpadAdd: () => zoom(1.4),
  Minus: () => zoom(1 / 1.4),
  NumpadSubtract: () => zoom(1 / 1.4),
  Digit0: showAll,
  Numpad0: showAll,
};
canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.code]) return;
  event.preventDefault();
  event.stopPropagation();
  KEYS[event.code]();
});
const BUTTONS = { in: () => zoom(1.6), out: () => zoom(1 / 1.6), all: showAll };
for (const button of box.querySelectorAll("[data-zoom]")) button.addEventListener("click", BUTTONS[button.dataset.zoom]);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (colour(), draw()));

// A row under the pointer or the focus shows where its cluster lies.
function pointOut(cluster) {
  const at = points.clusters.indexOf(cluster);
  if (at < 0) return;
  hovered = at;
  draw();
}
for (const [cluster, row] of rows) row.addEventListener("focusin", () => pointOut(cluster));

try {
  await load();
  colour();
  new ResizeObserver(resize).observe(canvas);
  resize();
} catch {
  box.replaceChildren(Object.assign(document.createElement("p"), { className: "note warn", textContent: box.dataset.failed }));
}
