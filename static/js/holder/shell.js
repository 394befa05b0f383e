/** The holder's pages without a connection: one shell, filled from what this phone keeps of the card shown last. */

import { dayOf, filled } from "./say.js";
import { childStatus, helsinkiDate, mayHaveCard } from "./state.js";

const PAGES = { "/children": children, "/places": places, "/visits": () => {} };

/** Make the shell the page that was asked for. @returns {boolean} whether that is the card itself */
export function fillShell(record, now) {
  const path = location.pathname;
  const template = document.querySelector(`template[data-page="${path}"]`);
  const year = Number(helsinkiDate(now).slice(0, 4));
  const here = template ? path : "/card";
  for (const link of document.querySelectorAll(".nav a")) {
    if (new URL(link.href).pathname === here) link.setAttribute("aria-current", "page");
  }
  if (!template) {
    if (record) card(record, year);
    return true;
  }
  const main = document.getElementById("main");
  main.className = "page stack";
  main.replaceChildren(template.content.cloneNode(true));
  document.title = `${main.querySelector("h1").textContent} · Kaikukortti`;
  if (record) PAGES[path](main, record, year);
  return false;
}

function card({ page, labels = {} }, year) {
  for (const name of ["area", "number", "until"]) {
    document.querySelectorAll(`[data-slot="${name}"]`).forEach((part) => (part.textContent = page[name]));
  }
  const list = document.querySelector("[data-offline-children]");
  const template = document.getElementById("offline-child");
  const open = page.children.filter((child) => childStatus(child.year, year) !== "ended");
  for (const [n, child] of [...open.entries()].reverse()) {
    const row = template.content.cloneNode(true);
    const [label, tick, text] = ["label", "input", ".choice__label"].map((part) => row.querySelector(part));
    label.htmlFor = tick.id = `with-${child.id}`;
    tick.value = child.id;
    const nameless = child.year ? text.dataset.born : text.dataset.nth;
    text.textContent = labels[child.id] ?? filled(nameless, { year: child.year, number: n + 1 });
    list.prepend(row);
  }
}

function children(main, { page, labels = {} }, year) {
  const words = main.querySelector("[data-words]").dataset;
  const list = main.querySelector("[data-list]");
  for (const child of page.children) {
    const status = childStatus(child.year, year);
    const row = document.getElementById(`child-${status}`).content.cloneNode(true);
    const facts = { year: child.year, unit: page.unit };
    const born = child.year ? `, ${filled(words.born, facts)}` : "";
    row.querySelector("h2").textContent = `${words[child.relation ?? "child"]}${born}`;
    const label = row.querySelector("[data-label]");
    label.textContent = labels[child.id] ?? "";
    label.hidden = !labels[child.id];
    const line = row.querySelector(".status span");
    line.textContent = filled(child.year ? line.textContent : words.valid, { year: child.year + 18 });
    const own = row.querySelector("[data-own]");
    own.hidden = !mayHaveCard(child.year, year) || !page.unit;
    own.textContent = filled(own.textContent, facts);
    list.append(row);
  }
  main.querySelector("[data-none]").hidden = page.children.length > 0;
  main.querySelector("[data-some]").hidden = page.children.length === 0;
}

function places(main, { places: kept }) {
  main.querySelector("[data-none]").hidden = Boolean(kept);
  main.querySelector("[data-some]").hidden = !kept;
  if (!kept) return;
  const heading = main.querySelector("h1");
  heading.textContent = filled(heading.dataset.asOf, { day: dayOf(kept.at) });
  const words = main.querySelector("[data-words]").dataset;
  const template = document.getElementById("place");
  for (const place of kept.list) {
    const row = template.content.cloneNode(true);
    row.querySelector("h2").textContent = place.name;
    const facts = [place.address, place.gives.map((kind) => words[kind]).join(", "), place.period];
    row.querySelector("p").textContent = facts.filter(Boolean).join(" · ");
    main.querySelector("[data-list]").append(row);
  }
}
