// Text that was typed outlives a closed tab, an ended session and somebody else's edit.
//
// A form with data-autosave="NAME" keeps its fields under NAME and a mark of its own, so that two tabs keep two drafts;
// with data-kept="tab" no longer than the tab (they may hold personal data).  What is kept, and in no other open tab,
// is offered, but not with data-offer="no"; then data-looked is set.  A later page of the tab with
// data-autosaved="NAME" tells that what was sent under NAME has arrived.

const SKIPPED = new Set(["csrf_token", "version", "do"]);
const NAMING = ["title", "text", "answer"];
const PAUSE = 500;
const PATIENCE = 150;
const say = document.body.dataset;

const keyOf = (name) => `kbsearch ${name}`;
const sentOf = (name) => `kbsearch sent ${name}`;
const shelfOf = (form) => (form.dataset.kept === "tab" ? sessionStorage : localStorage);
const read = (shelf, key) => JSON.parse(shelf.getItem(key) ?? "null");
const fieldsOf = (form) =>
  [...new FormData(form)].filter(([name, value]) => !SKIPPED.has(name) && typeof value === "string");

// Locks would tell which drafts other tabs write, but plain http has none; so tabs are asked.
const own = new Set(), elsewhere = new Set();
const tabs = new BroadcastChannel("kbsearch drafts");
tabs.addEventListener("message", ({ data }) => {
  for (const key of data.held ?? []) elsewhere.add(key);
  const held = (data.asked ?? []).filter((key) => own.has(key));
  if (held.length) tabs.postMessage({ held });
});

async function leftOf(shelf, name) {
  const key = keyOf(name);
  const kept = Object.keys(shelf).filter((one) => (one === key || one.startsWith(`${key} `)) && !own.has(one));
  if (kept.length && shelf === localStorage) {
    tabs.postMessage({ asked: kept });
    await new Promise((resolve) => setTimeout(resolve, PATIENCE));
  }
  const left = kept.filter((one) => !elsewhere.has(one) && shelf.getItem(one));
  return left.sort((one, other) => (read(shelf, other).at ?? 0) - (read(shelf, one).at ?? 0));
}

async function keep(form) {
  const shelf = shelfOf(form), name = form.dataset.autosave;
  let key = `${keyOf(name)} ${Math.random().toString(36).slice(2)}`;
  let timer, typed = false;
  own.add(key);
  const write = () => {
    clearTimeout(timer);
    const draft = { version: form.elements.version?.value, fields: JSON.stringify(fieldsOf(form)), at: Date.now() };
    if (typed) shelf.setItem(key, JSON.stringify(draft));
  };
  form.addEventListener("input", () => {
    typed = true;
    clearTimeout(timer);
    timer = setTimeout(write, PAUSE);
  });
  form.addEventListener("submit", () => {
    write();
    sessionStorage.setItem(sentOf(name), key);
  });
  addEventListener("pagehide", write);
  const left = await leftOf(shelf, name);
  const sent = form.dataset.offer === "no" ? sessionStorage.getItem(sentOf(name)) : null;
  const same = left.find((one) => one === sent || read(shelf, one).fields === JSON.stringify(fieldsOf(form)));
  if (same && !typed) own.add(key = same);
  else if (form.dataset.offer !== "no") offer(form, left, write);
  form.dataset.looked = "";
}

function offer(form, left, write) {
  const shelf = shelfOf(form), kept = left.length ? read(shelf, left[0]) : null;
  if (!kept) return;
  const bar = Object.assign(document.createElement("div"), { className: "note warn row" });
  bar.setAttribute("role", "alert");
  const named = JSON.parse(kept.fields).find(([name, value]) => NAMING.includes(name) && value);
  bar.append(say.restore, named ? ` «${named[1].slice(0, 60)}»` : "");
  const button = (label, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "mini", textContent: label });
    made.addEventListener("click", () => (bar.remove(), act()));
    bar.append(made);
  };
  button(say.restoreYes, () => {
    fill(form, kept);
    write();
    shelf.removeItem(left[0]);
  });
  button(say.restoreNo, () => {
    shelf.removeItem(left[0]);
    offer(form, left.slice(1), write);
  });
  form.prepend(bar);
}

function fill(form, kept) {
  const fields = JSON.parse(kept.fields);
  const valuesOf = (name) => fields.filter(([key]) => key === name).map(([, value]) => value);
  fillVariants(form, valuesOf("variant"));
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || SKIPPED.has(field.name) || field.name === "variant") continue;
    const values = valuesOf(field.name);
    if (field.type === "checkbox") field.checked = values.includes(field.value);
    else if (values.length) field.value = values[0];
  }
  // Written against an older version: saving it shows both versions rather than overwrite the newer one.
  if (form.elements.version) form.elements.version.value = kept.version;
  (form.querySelector("#answer") ?? form).dispatchEvent(new Event("input", { bubbles: true }));
}

function fillVariants(form, texts) {
  const areas = [...form.querySelectorAll("[name=variant]")];
  for (const [i, area] of areas.entries()) area.value = texts[i] ?? "";
  for (const text of texts.slice(areas.length)) {
    const area = Object.assign(document.createElement("textarea"), { name: "variant", rows: 2, value: text });
    area.setAttribute("aria-labelledby", "phrasings");
    form.querySelector("#variants > .row").before(area);
  }
}

for (const form of document.querySelectorAll("form[data-autosave]")) keep(form);
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[action$='/sign-out']")) return;
  addEventListener("pagehide", () => sessionStorage.clear());  // after this page kept what it has
});
for (const { dataset } of document.querySelectorAll("[data-autosaved]")) {
  const sent = sessionStorage.getItem(sentOf(dataset.autosaved));
  for (const shelf of [localStorage, sessionStorage]) shelf.removeItem(sent);
  sessionStorage.removeItem(sentOf(dataset.autosaved));
}
