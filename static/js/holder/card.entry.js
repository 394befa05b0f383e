/** The card page: the phone's own code every 15 seconds, with or without a connection. */

import { mintPhone, partyByte } from "../codes/mint.js";
import { ask, toBase64url } from "../web/post.js";
import { jumpWatch, offsetOf } from "./clock.js";
import { draw } from "./draw.js";
import { enrol } from "./enrol.js";
import { keep, kept, keptLast } from "./store.js";

const STEP_MS = 15_000;
const REFRESH_MS = 45_000;
const root = document.querySelector("[data-card]");
const page = root.dataset.card ? JSON.parse(root.dataset.card) : null; // null: the shell, without a connection
const stage = document.querySelector("[data-code]");
const clockJumped = jumpWatch();

let record;
let offset = 0;
let shown = "";
let turning;

start();

async function start() {
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" }).catch(() => {});
  }
  try {
    record = page ? await keep(page.id, { page, shownAt: Date.now() }) : await keptLast();
  } catch {
    record = undefined; // a browser that keeps nothing: the server shows the code
  }
  if (!page && !record) return say("no_card");
  if (!page) fillShell(record.page);
  if (page?.refused || record?.page?.refused) return;
  offset = record?.offset ?? 0;
  setUpParty();
  await turn();
  document.addEventListener("visibilitychange", () => document.hidden || turn());
  window.addEventListener("pageshow", (event) => event.persisted && turn());
  window.addEventListener("resize", () => { shown = ""; turn(); });
  stayAwake();
  if (page) await connect();
}

/** Online: put the clock right, and make a key where there is none that holds. */
async function connect() {
  if (!record) return serverShows();
  try {
    const id = record.credential ? toBase64url(record.credential.slice(0, 10)) : "none";
    const sentAt = Date.now();
    const heard = await ask(`/card/key/${id}`);
    const measured = offsetOf(sentAt, Date.now(), heard.now);
    if (Number.isNaN(measured)) {
      say("clock_wrong");
      return serverShows();
    }
    offset = measured;
    record = await keep(page.id, { offset, connectedAt: Date.now() + offset });
    if (heard.state !== "live" || ended(record)) record = await enrol(page.id, page.deployment);
    shown = "";
    await turn();
    if (Math.abs(offset) >= 60_000) {
      const minutes = Math.round(Math.abs(offset) / 60_000);
      say(offset > 0 ? "clock_slow" : "clock_fast", { minutes });
    }
  } catch (error) {
    if (error.reason === "no_connection") return;
    if (!hasKey(record)) {
      say("needs_connection");
      serverShows();
    }
  }
}

function hasKey(record) {
  return Boolean(record?.privateKey && record?.credential);
}

function ended(record) {
  return !record.credentialEnds || helsinkiDay(Date.now() + offset) > record.credentialEnds;
}

/** Show this step's code, if it is not shown yet, and come back at the next step. */
async function turn() {
  clearTimeout(turning);
  if (!hasKey(record)) return page ? undefined : say("no_key");
  if (ended(record)) return page ? undefined : hide("connect_to_renew");
  if (clockJumped()) return page ? location.reload() : hide("clock_moved");
  const at = Date.now() + offset;
  const step = Math.floor(at / STEP_MS);
  const party = partyByte(...withMe());
  if (shown !== `${step}/${party}`) {
    const { privateKey, credential, deployment } = record;
    try {
      draw(stage, await mintPhone({ privateKey, credential, deployment, step, party }));
    } catch {
      record = { ...record, privateKey: undefined }; // a key that can't sign is no key
      return page ? enrolAgain() : say("no_key");
    }
    shown = `${step}/${party}`;
    stage.removeAttribute("aria-busy");
    stage.dataset.by = "phone";
    if (!performance.getEntriesByName("code-shown").length) performance.mark("code-shown");
    turnRing(at);
    document.querySelectorAll("[data-server-shown]").forEach((part) => (part.hidden = true));
  }
  turning = setTimeout(turn, STEP_MS - ((Date.now() + offset) % STEP_MS) + 20);
}

async function enrolAgain() {
  try {
    record = await enrol(page.id, page.deployment);
    await turn();
  } catch {
    say("needs_connection");
    serverShows();
  }
}

/** The server's codes: fetched anew before the old one is too old, with who comes along. */
function serverShows() {
  stage.dataset.by = "server";
  setInterval(fetchServerCode, REFRESH_MS);
}

async function fetchServerCode() {
  if (document.hidden) return;
  const form = document.querySelector("[data-party]");
  const query = form ? new URLSearchParams(new FormData(form)) : "";
  try {
    const response = await fetch(`/card?${query}`, { signal: AbortSignal.timeout(8000) });
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-code] svg");
    if (fresh) stage.replaceChildren(fresh);
    else say("needs_connection");
  } catch {
    say("needs_connection");
  }
}

/** [children, assistants] that are ticked. */
function withMe() {
  const ticked = [...document.querySelectorAll("[data-party] input:checked")];
  const assistants = ticked.filter((tick) => tick.name === "assistants").length;
  return [Math.min(ticked.length - assistants, 15), assistants];
}

/** The ticks and the children's labels come from the phone; a change goes into the code at once. */
function setUpParty() {
  const form = document.querySelector("[data-party]");
  if (!form) return;
  form.querySelectorAll("[data-ticket]").forEach((tick) => {
    const label = record?.labels?.[tick.value];
    if (label) tick.closest("label").querySelector(".choice__label").textContent = label;
    tick.checked = (record?.with ?? []).includes(tick.value) || tick.checked;
  });
  form.querySelectorAll('[name="assistants"]').forEach((tick) => (tick.checked ||= Boolean(record?.assistants)));
  form.querySelectorAll("[data-without-script]").forEach((part) => (part.hidden = true));
  form.addEventListener("change", async () => {
    const ticked = [...form.querySelectorAll("[data-ticket]:checked")].map((tick) => tick.value);
    const assistants = form.querySelector('[name="assistants"]')?.checked ? 1 : 0;
    if (record) record = await keep(record.id, { with: ticked, assistants });
    if (hasKey(record)) await turn();
    else await fetchServerCode();
  });
}

/** One line of state, never two. */
function say(id, facts = {}) {
  const template = document.getElementById(`state-${id}`);
  const line = document.querySelector("[data-state-line]");
  if (!template || !line) return;
  const said = template.content.cloneNode(true);
  for (const [name, value] of Object.entries(facts)) {
    const text = said.querySelector("span");
    text.textContent = text.textContent.replace(`{${name}}`, value);
  }
  line.replaceChildren(said);
}

function hide(id) {
  stage.replaceChildren();
  stage.dataset.by = "";
  say(id);
}

function turnRing(at) {
  document.querySelector("[data-ring]")?.style.setProperty("--ring-delay", `${-(at % STEP_MS) / 1000}s`);
}

/** The shell has no card in it; what it shows comes from the phone. */
function fillShell(info) {
  for (const [name, value] of Object.entries({ area: info.area, number: info.number, until: info.until })) {
    document.querySelectorAll(`[data-slot="${name}"]`).forEach((part) => (part.textContent = value));
  }
  const list = document.querySelector("[data-offline-children]");
  const template = document.getElementById("offline-child");
  for (const child of [...info.children].reverse()) {
    const row = template.content.cloneNode(true);
    const [label, tick] = [row.querySelector("label"), row.querySelector("input")];
    const text = row.querySelector(".choice__label");
    label.htmlFor = tick.id = `with-${child.id}`;
    tick.value = child.id;
    text.textContent = text.textContent.replace("{year}", child.year ?? "");
    list.prepend(row);
  }
}

/** Keep the screen lit while the code is shown, where the browser can; take it again on coming back. */
async function stayAwake() {
  const take = () => navigator.wakeLock?.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", () => document.hidden || take());
  await take();
}

function helsinkiDay(ms) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Helsinki" }).format(ms);
}
