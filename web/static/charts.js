// Draws the tables that ask for it with data-chart: the first column is x, each column with data-series a line.
// "time": shares over time; "counts": numbers over time; "curve": shares over shares.
// Without JavaScript the table says the same.

const COLOURS = ["c1", "c2", "c3"];
const HEIGHT = 240;

function colourOf(name, parent) {
  const probe = Object.assign(document.createElement("span"), { className: name, hidden: true });
  parent.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function valuesOf(table, column) {
  return [...table.tBodies[0].rows].map((row) => {
    const text = row.cells[column].dataset.value;
    return text === undefined || text === "" ? null : Number(text);
  });
}

function sorted(columns) {
  const order = columns[0].map((_, i) => i).sort((a, b) => columns[0][a] - columns[0][b]);
  return columns.map((column) => order.map((i) => column[i]));
}

const percent = (value) => (value === null || value === undefined ? "–" : `${Math.round(100 * value)} %`);
const { format } = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
const number = (value) => (value === null || value === undefined ? "–" : format(value));
// Nobody counts half a question.
const WHOLE = [1, 10, 100, 1_000, 10_000, 100_000].flatMap((ten) => [ten, 2 * ten, 5 * ten]);
// What the legend says of a value; nothing while no point is looked at.
const told = (read) => (self, value, series, at) => (at === null || at === undefined ? "" : read(value));
const upwards = (self, least, most) => [0, Math.max(1, 1.1 * most)];

function options(table, box, width) {
  const heads = [...table.tHead.rows[0].cells];
  const quiet = colourOf("quiet", box);
  const line = colourOf("chart-line", box);
  const counts = table.dataset.chart === "counts";
  const time = counts || table.dataset.chart === "time";
  const read = counts ? number : percent;
  const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const shares = (self, ticks) => ticks.map(read);
  const series = heads
    .map((head, column) => ({ head, column }))
    .filter(({ head }) => "series" in head.dataset)
    .map(({ head }, i) => ({
      label: head.textContent.trim(),
      stroke: colourOf(COLOURS[i], box),
      width: 2,
      spanGaps: true,
      points: { show: true, size: 7 },
      value: told(read),
    }));
  if (table.dataset.ideal) {
    series.push({ label: table.dataset.ideal, stroke: quiet, dash: [6, 4], points: { show: false }, value: told(percent) });
  }
  // As the table writes it: a week that begins at midnight of the school begins the day before elsewhere.
  const written = new Map([...table.tBodies[0].rows].map(({ cells: [cell] }) => [Number(cell.dataset.value), (cell.querySelector("a") ?? cell).textContent.trim()]));
  const labels = new Map([...table.querySelectorAll("[data-label]")].map(({ dataset }) => [Number(dataset.value), dataset.label]));
  const name = (tick) => labels.get(tick) ?? written.get(tick);
  const weeks = { splits: ({ data: [all], width }) => spread(all, width / 96), values: (self, ticks) => ticks.map(name) };
  return {
    width,
    height: HEIGHT,
    scales: { x: { time, ...(time ? {} : { range: [0, 1] }) }, y: { range: counts ? upwards : [0, 1] } },
    axes: [time ? { ...axis, values: days, space: 70, ...(counts ? weeks : {}) } : { ...axis, values: shares }, { ...axis, values: shares, size: 56, ...(counts ? { incrs: WHOLE } : {}) }],
    series: [{ label: heads[0].textContent.trim(), value: told((value) => written.get(value)) }, ...series],
    cursor: { drag: { x: false, y: false } },
  };
}

// As many of the values as have room, the last of them for sure.
function spread(all, room) {
  const every = Math.max(1, Math.ceil(all.length / room));
  return all.filter((_, i) => (all.length - 1 - i) % every === 0);
}

function days(self, ticks) {
  const write = new Intl.DateTimeFormat(document.documentElement.lang, { day: "numeric", month: "short" });
  const texts = ticks.map((tick) => write.format(new Date(1000 * tick)));
  return texts.map((text, i) => (text === texts[i - 1] ? "" : text));
}

function draw(table) {
  if (table.tBodies[0].rows.length < 2) return;
  const box = Object.assign(document.createElement("div"), { className: "chart" });
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", table.caption?.textContent ?? "");
  table.closest(".scroll").before(box);
  const heads = [...table.tHead.rows[0].cells];
  const columns = [0, ...heads.flatMap((head, i) => ("series" in head.dataset ? [i] : []))];
  const data = sorted(columns.map((column) => valuesOf(table, column)));
  if (table.dataset.ideal) data.push(data[0]);
  let chart;
  const make = () => {
    chart?.destroy();
    chart = new uPlot(options(table, box, box.clientWidth), data, box);
  };
  make();
  new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: HEIGHT })).observe(box);
  for (const media of ["(prefers-color-scheme: dark)", "print"]) matchMedia(media).addEventListener("change", make);
}

for (const table of document.querySelectorAll("table[data-chart]")) draw(table);
