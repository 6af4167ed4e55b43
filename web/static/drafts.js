// Text that was typed outlives a closed tab, an ended session and somebody else's edit.
//
// A form with data-autosave="NAME" keeps its fields under NAME, with data-kept="tab" no longer than the tab (they may
// hold personal data).  What is kept is offered, but not with data-offer="no".  A later page with
// data-autosaved="NAME" tells that what was sent under NAME has arrived.

const SKIPPED = new Set(["csrf_token", "version", "do"]);
const PAUSE = 500;
const say = document.body.dataset;

const keyOf = (name) => `kbsearch ${name}`;
const shelfOf = (form) => (form.dataset.kept === "tab" ? sessionStorage : localStorage);
const read = (shelf, name) => JSON.parse(shelf.getItem(keyOf(name)) ?? "null");
const fieldsOf = (form) =>
  [...new FormData(form)].filter(([name, value]) => !SKIPPED.has(name) && typeof value === "string");

function keep(form) {
  const shelf = shelfOf(form), name = form.dataset.autosave;
  const kept = read(shelf, name);
  if (kept && form.dataset.offer !== "no" && kept.fields !== JSON.stringify(fieldsOf(form))) offer(form, kept);
  let timer, typed = false, sent = false;
  const write = () => {
    clearTimeout(timer);
    const draft = { version: form.elements.version?.value, fields: JSON.stringify(fieldsOf(form)), sent };
    if (typed) shelf.setItem(keyOf(name), JSON.stringify(draft));
  };
  form.addEventListener("input", () => {
    typed = true;
    sent = false;
    clearTimeout(timer);
    timer = setTimeout(write, PAUSE);
  });
  form.addEventListener("submit", () => {
    sent = true;
    write();
  });
  addEventListener("pagehide", () => sent || write());
}

function offer(form, kept) {
  const bar = Object.assign(document.createElement("div"), { className: "note warn row" });
  bar.setAttribute("role", "alert");
  bar.append(say.restore);
  const button = (label, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "mini", textContent: label });
    made.addEventListener("click", () => (act(), bar.remove()));
    bar.append(made);
  };
  button(say.restoreYes, () => fill(form, kept));
  button(say.restoreNo, () => shelfOf(form).removeItem(keyOf(form.dataset.autosave)));
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
  for (const shelf of [localStorage, sessionStorage]) {
    if (read(shelf, dataset.autosaved)?.sent) shelf.removeItem(keyOf(dataset.autosaved));
  }
}
