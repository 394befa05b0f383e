/** The desk: rows for children, a scanner that types, one sending at a time, and what was typed kept through a sign-in. */

import { listenKeyboard } from "../scan/keyboard.js";
import { forget, keep, take } from "./kept.js";

// A row more, without asking the server. The first row is the pattern; the button is the server's way to do it.
for (const rows of document.querySelectorAll("[data-rows]")) {
  const more = rows.querySelector("[data-more]");
  const here = rows.querySelector("[data-rows-here]");
  more?.addEventListener("click", (event) => {
    event.preventDefault();
    addRow(here).querySelector("input").focus();
    more.hidden = here.children.length >= Number(rows.dataset.rows);
  });
}

function addRow(here) {
  const number = here.children.length;
  const row = here.lastElementChild.cloneNode(true);
  const renamed = (text) => text.replace(/children-\d+/g, `children-${number}`);
  row.querySelectorAll(".field__error, [type=hidden], .child-row__off").forEach((one) => one.remove());
  for (const one of row.querySelectorAll("[id], [for], [name]")) {
    for (const name of ["id", "for", "name"]) if (one.hasAttribute(name)) one.setAttribute(name, renamed(one.getAttribute(name)));
    for (const name of ["aria-invalid", "aria-describedby", "placeholder"]) one.removeAttribute(name);
  }
  row.setAttribute("aria-label", row.getAttribute("aria-label").replace(/\d+/, number + 1));
  row.querySelector("input").value = "";
  row.querySelector("select").selectedIndex = 0;
  here.append(row);
  return row;
}

// Sent once: a second click would be a second request. Coming back to the page makes it sendable again.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.hasAttribute("data-sent")) return event.preventDefault();
    if (event.submitter?.name === "more") return undefined;
    form.setAttribute("data-sent", "");
    form.querySelectorAll("button").forEach((one) => one.setAttribute("aria-busy", "true"));
    if (form.dataset.keep) keep(form, form.dataset.keep);
    return undefined;
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    form.removeAttribute("data-sent");
    form.querySelectorAll("[aria-busy]").forEach((one) => one.removeAttribute("aria-busy"));
  }
});

// A sign-in that ended meanwhile leads away from the form.
const keeping = document.querySelector("form[data-keep]");
const kept = keeping ? take(keeping.dataset.keep) : [];
// After an answer with faults the server has put everything back itself.
if (kept.length && !document.querySelector("#errors, #refused")) {
  const here = keeping.querySelector("[data-rows-here]");
  for (const [name, value] of kept) {
    while (/^children-(\d+)/.exec(name)?.[1] >= here.children.length) addRow(here);
    const field = keeping.elements[name];
    if (field instanceof RadioNodeList || (field && !["checkbox", "hidden"].includes(field.type))) field.value = value;
  }
  document.querySelector("[data-kept]").hidden = false;
}
if (document.querySelector("[data-handover]")) forget(); // it was sent

// A scanner types wherever the focus is; what it read belongs into the number's field.
const scanned = document.querySelector("[data-scanned]");
if (scanned) {
  listenKeyboard(document, (text) => {
    scanned.value = text;
    if (scanned.form.hasAttribute("data-find")) scanned.form.requestSubmit();
    else [...scanned.form.elements].find((one) => one.type === "text" && one !== scanned && !one.value)?.focus();
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

document.querySelector("[data-focus], #refused, #said")?.focus();
