// What pages gain from JavaScript: keys, copying, the palette, single sending.  Every action works without it.

const say = document.body.dataset;
document.documentElement.classList.add("js");

// Screen readers tell what changes in a region that was there before, not what comes along with a new one.
const region = document.getElementById("said");
let announced = "";

function announce(text) {
  announced = text;
  region.textContent = "";
  setTimeout(() => { region.textContent = announced; }, 100);
}

function toast(text, milliseconds = 2000, also = null) {
  document.querySelector(".toast")?.remove();
  const note = Object.assign(document.createElement("div"), { className: "toast", textContent: text });
  note.setAttribute("aria-hidden", "true");
  if (also) {
    const twin = Object.assign(also.cloneNode(true), { tabIndex: -1 });
    for (const { name } of [...twin.attributes]) if (/^(hx|data)-/.test(name)) twin.removeAttribute(name);
    twin.addEventListener("click", () => also.click());
    note.append(" ", twin);
  }
  document.body.append(note);
  setTimeout(() => note.remove(), milliseconds);
  announce(text);
}

const flashes = [...document.querySelectorAll("#flashes .row > span")].map((note) => note.textContent.trim());
if (flashes.length) announce(flashes.join(" "));

// A block that was swapped in says what it shows with data-said.
document.addEventListener("htmx:afterSwap", (event) => {
  const text = document.getElementById(event.detail.requestConfig?.target?.id)?.dataset.said;
  if (text && text !== announced) announce(text);
});

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.value);
  } catch {
    if (!copyBySelection(source.value)) return toast(say.notCopied);
  }
  toast(say.copied);
  reportCopy(button);
}

// navigator.clipboard exists only on https and localhost; schools also run plain http in their own network.
function copyBySelection(text) {
  const area = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

function reportCopy(button) {
  const form = button.closest("#detail")?.querySelector("form[data-feedback]");
  if (!form) return;
  const body = new FormData(form);
  body.set("action", "copied");
  fetch(form.getAttribute("action"), { method: "POST", body, headers: { "HX-Request": "true" }, keepalive: true });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

// Blocks that did not come leave the page as it was.
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, () => {
    if (document.querySelector(".toast")?.textContent !== say.failed) toast(say.failed, 6000);
  });
}

// The keys of some browsers do not scroll what cannot have the focus.
function reach() {
  for (const area of document.querySelectorAll(".scroll, .prose pre")) {
    if (area.scrollWidth > area.clientWidth) area.tabIndex = 0;
  }
}
reach();
document.addEventListener("htmx:afterSettle", reach);

// A form on its way is not sent again by a second click; what did not arrive can be sent after a while.
const ON_ITS_WAY = 10_000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.classList.contains("sent")) return event.preventDefault();
  form.classList.add("sent");
  setTimeout(() => form.classList.remove("sent"), ON_ITS_WAY);
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.sent")) form.classList.remove("sent");
});

// On a narrow screen the present tab may lie outside its strip.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const strip = tab.parentElement;
  strip.scrollLeft = tab.offsetLeft - strip.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
}

// What is newest in a map of weeks stands at its right end.
for (const map of document.querySelectorAll("table.heat")) map.parentElement.scrollLeft = map.offsetWidth;

// Rows: the selected one is the focused link's row.
const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent);
const linkOf = (row) => row?.querySelector("a.title");

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const from = at >= 0 ? at : all.findIndex((row) => row.classList.contains("on"));
  const row = all[Math.min(all.length - 1, Math.max(0, from + by))];
  linkOf(row).focus();
  row.scrollIntoView({ block: "nearest" });
  if (linkOf(row).hasAttribute("hx-get")) linkOf(row).click();
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (!row || event.target.getAttribute("hx-target") !== "#detail") return;
  for (const other of row.parentElement.children) {
    other.classList.toggle("on", other === row);
    linkOf(other)?.removeAttribute("aria-current");
  }
  linkOf(row).setAttribute("aria-current", "true");
});

// The word of thanks stands below the answer, often out of sight.
document.addEventListener("htmx:afterSwap", (event) => {
  if (!event.target.matches("[data-thanks]")) return;
  document.getElementById("flashes")?.remove();  // its Undo would take back what came before
  htmx.process(event.target);  // else its button does nothing for a moment
  const undo = event.target.querySelector("[data-key]");
  toast(event.target.querySelector("span").textContent, undo ? 6000 : 2000, undo);
});

// On a narrow screen, or with large text, the answer lies below the rows.
document.addEventListener("htmx:afterSwap", (event) => {
  const detail = document.getElementById("detail");
  if (event.detail.requestConfig?.target?.id !== "detail" || !detail) return;
  if (detail.offsetLeft === detail.previousElementSibling.offsetLeft) detail.scrollIntoView();
});

// A query that was sent, or whose results were used, is a step that Back leads to; while one is typed it stays one step.
const query = document.getElementById("search-form");
let settled = Boolean(new URLSearchParams(location.search).get("q"));
const settle = () => { settled = true; };

document.addEventListener("htmx:beforeHistoryUpdate", (event) => {
  if (!query || event.detail.requestConfig.elt !== query) return;
  if (settled) event.detail.history.type = "push";
  settled = false;
});
document.addEventListener("click", (event) => event.target.closest("#results") && settle());
addEventListener("pagehide", settle);
query?.addEventListener("submit", (event) => {
  const sent = `?${new URLSearchParams(new FormData(query))}`;
  if (settled && sent !== location.search) return;
  event.preventDefault();
  location.replace(sent);
});

// Keys go by their place on the keyboard, so that they work on a Russian layout too.
const KEYS = {
  KeyJ: () => step(1),
  KeyK: () => step(-1),
  KeyC: () => document.querySelector("[data-copy-default]")?.click(),
};

function typing(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function pressed(event) {
  if (event.code === "Slash") {
    if (event.shiftKey) return () => document.getElementById("shortcuts")?.showModal();
    const field = document.querySelector("[data-search]");
    return field && (() => field.select());
  }
  if (event.shiftKey) return undefined;
  const own = document.querySelector(`[data-key="${event.code}"]`);
  if (own) return () => own.click();
  const digit = /^Digit([1-9])$/.exec(event.code);
  if (digit) {
    const link = linkOf(rows()[digit[1] - 1]);
    return link && (() => link.click());
  }
  return KEYS[event.code];
}

document.addEventListener("keydown", (event) => {
  if (say.keyboard === "off" || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && event.code === "KeyK" && !event.altKey && !event.shiftKey) {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && event.code !== "KeyJ" && event.code !== "KeyK") return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const act = pressed(event);
  if (!act) return;
  event.preventDefault();
  act();
});

// The palette: pages by name, else a search.
const palette = document.getElementById("palette");

function openPalette() {
  if (!palette || palette.open) return;
  palette.querySelector("input").value = "";
  narrow();
  palette.showModal();
}

function narrow() {
  const wanted = palette.querySelector("input").value.trim().toLowerCase();
  for (const link of palette.querySelectorAll("[data-palette] a")) {
    link.hidden = !link.textContent.toLowerCase().includes(wanted);
  }
}

palette?.addEventListener("input", narrow);
palette?.addEventListener("keydown", (event) => {
  const choices = [...palette.querySelectorAll("[data-palette] :is(a, button)")].filter((one) => !one.hidden);
  const at = choices.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choices[(at + (event.key === "ArrowDown" ? 1 : choices.length - 1) + choices.length) % choices.length]?.focus();
  } else if (event.key === "Enter" && event.target.tagName === "INPUT" && choices[0]?.tagName === "A") {
    event.preventDefault();
    choices[0].click();
  }
});
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

// The theme changes as soon as it is chosen; saving keeps it.
document.querySelector("[data-theme-choice]")?.addEventListener("change", (event) => {
  document.documentElement.dataset.theme = event.target.value;
});
