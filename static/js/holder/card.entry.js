/** The card page: the phone's own code every 15 seconds, with or without a connection. */

import { mintPhone, partyByte } from "../codes/mint.js";
import { offerInstall } from "../web/install.js";
import { ask, toBase64url } from "../web/post.js";
import { startWorker } from "../web/worker.js";
import { jumpWatch, offsetOf } from "./clock.js";
import { draw } from "./draw.js";
import { enrol, renew } from "./enrol.js";
import { refreshPlaces } from "./places.js";
import { ago, dayOf, say } from "./say.js";
import { setUpSharing } from "./sharing.js";
import { fillShell } from "./shell.js";
import { isDue, stateOf } from "./state.js";
import { keep, keptAll, onForgotten } from "./store.js";

const STEP_MS = 15_000;
const REFRESH_MS = 45_000;
const AGAIN_MS = 10_000;
const HOUR_MS = 3_600_000;
const root = document.querySelector("[data-card]");
const page = root.dataset.card ? JSON.parse(root.dataset.card) : null; // null: the shell, without a connection
const html = document.documentElement;
const stage = document.querySelector("[data-code]");
const clockJumped = jumpWatch();

let record;
let shown = "";
let turning;
let refreshing;
let slept = false; // was out of sight since the clock was last looked at
let connecting = false;
let settled = false; // this page has heard all it needs from the server

start();

async function start() {
  startWorker("holder");
  offerInstall();
  try {
    record = page ? await keep(page.id, { page, shownAt: Date.now() }) : (await keptAll())[0];
  } catch {
    record = undefined; // a browser that keeps nothing: the server shows the code
  }
  if (!page) {
    document.addEventListener("visibilitychange", () => document.hidden || tryAgain());
    window.addEventListener("online", tryAgain);
    if (!fillShell(record, now())) return;
    if (!record) return noCode("no_card");
  }
  if (record) {
    onForgotten(record.id, () => location.reload());
    await setUpSharing(record, Boolean(page)).catch(() => {});
  }
  if (page?.refused) return;
  setUpParty();
  await turn();
  document.addEventListener("visibilitychange", () => {
    slept = true;
    if (document.hidden) return;
    turn();
    if (page && (!settled || now() - record.connectedAt > HOUR_MS)) connect();
  });
  window.addEventListener("resize", () => {
    shown = "";
    turn();
  });
  stayAwake();
  if (page) await connect();
}

/** The phone's clock, put right by what the server last said. */
function now() {
  return Date.now() + (record?.offset ?? 0);
}

/** Online: put the clock right, renew the key when it is due, and make one where there is none that holds. */
async function connect() {
  if (!record) return serverShows();
  if (connecting) return;
  connecting = true;
  html.dataset.busy = "";
  try {
    const id = record.credential ? toBase64url(record.credential.slice(0, 10)) : "none";
    const sentAt = Date.now();
    const heard = await ask(`/card/key/${id}`);
    const offset = offsetOf(sentAt, Date.now(), heard.now);
    const clock = Number.isNaN(offset) ? "wrong" : "ok";
    record = await keep(page.id, { offset: offset || 0, clock, connectedAt: heard.now });
    if (clock === "wrong") {
      say("clock_wrong");
      return serverShows();
    }
    await holdKey(heard.state);
    shown = stage.dataset.by = "";
    await turn();
    if (Math.abs(offset) >= 60_000) {
      say(offset > 0 ? "clock_slow" : "clock_fast", { minutes: Math.round(Math.abs(offset) / 60_000) });
    }
    settled = true;
    await refreshPlaces(page.id, html.lang).catch(() => {});
  } catch (error) {
    await failed(error.reason);
  } finally {
    connecting = false;
    delete html.dataset.busy;
  }
}

async function holdKey(state) {
  const { credential, privateKey, once, fresh, credentialEnds } = record;
  const whole = Boolean(credential && privateKey);
  // A renewal that was sent and not answered goes on with its own key, whatever became of the old one.
  if (whole && once && (fresh || (state === "live" && isDue(credential, now())))) {
    record = await renew(page.id, page.deployment, credential);
  } else if (!whole || state !== "live" || stateOf(record, now()).id === "connect_to_renew") {
    record = await enrol(page.id, page.deployment);
  }
}

async function failed(reason) {
  if (reason === "other_card" || reason === "signed_out") return location.reload();
  if (reason === "renewal_copied") {
    record = { ...record, privateKey: undefined, stopped: true };
    return noCode("stopped");
  }
  if (reason === "no_connection") setTimeout(() => document.hidden || connect(), AGAIN_MS);
  if (!stateOf(record, now()).code) {
    say("needs_connection");
    serverShows();
  }
}

function hasKey() {
  return Boolean(record?.privateKey && record?.credential);
}

/** Show this step's code, if it is not shown yet, and come back at the next step. */
async function turn() {
  clearTimeout(turning);
  if (stage.dataset.by === "server" || (page && !hasKey())) return;
  if (clockJumped(slept)) {
    record = await keep(record.id, { clock: "moved" });
    if (page) return location.reload();
  }
  slept = false;
  const state = stateOf(record, now());
  if (!state.code) return page ? undefined : noCode(state.id, state); // online the server's code stands there
  if (!page) sayState(state);
  const step = Math.floor(now() / STEP_MS);
  const party = partyByte(...withMe());
  if (shown !== `${step}/${party}`) {
    const { privateKey, credential, deployment } = record;
    try {
      draw(stage, await mintPhone({ privateKey, credential, deployment, step, party }));
    } catch {
      record = { ...record, privateKey: undefined }; // a key that can't sign is no key
      return page ? enrolAgain() : noCode("no_key");
    }
    shown = `${step}/${party}`;
    stage.removeAttribute("aria-busy");
    stage.dataset.by = "phone";
    if (!performance.getEntriesByName("code-shown").length) performance.mark("code-shown");
    turnRing();
    document.querySelectorAll("[data-server-shown]").forEach((part) => (part.hidden = true));
  }
  turning = setTimeout(turn, STEP_MS - (now() % STEP_MS) + 20);
}

async function enrolAgain() {
  try {
    record = await enrol(page.id, page.deployment);
    await turn();
  } catch (error) {
    await failed(error.reason);
  }
}

/** The server's codes: fetched anew before the old one is too old, with who comes along. */
function serverShows() {
  clearTimeout(turning);
  stage.dataset.by = "server";
  refreshing ??= setInterval(fetchServerCode, REFRESH_MS);
}

async function fetchServerCode() {
  if (document.hidden || stage.dataset.by !== "server") return;
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
    if (stage.dataset.by === "server") await fetchServerCode();
    else await turn();
  });
}

function sayState(state) {
  const { unit, firstDay } = record.page;
  const { left: days, minutes, away = 0 } = state;
  say(state.id, { unit, days, minutes, ago: ago(away), day: firstDay && dayOf(firstDay) });
}

/** No code can be shown: the line says why, the stage what to do. */
function noCode(id, state = { id }) {
  if (record) sayState(state);
  else say(id);
  stage.dataset.by = "";
  stage.removeAttribute("aria-busy");
  const way = id === "stopped" ? "way-sign-in" : "way-connect";
  stage.replaceChildren(document.getElementById(way).content.cloneNode(true));
  stage.removeAttribute("role"); // no picture any more: what is in it is to be read
  stage.removeAttribute("aria-label");
  for (const part of document.querySelectorAll("[data-ring], [data-server-shown], [data-party], .ticket__until")) {
    part.toggleAttribute("hidden", true);
  }
}

/** The shell: back to the real page when the server can be heard again. */
async function tryAgain() {
  try {
    await ask("/now");
    location.reload();
  } catch {
    // Still without a connection.
  }
}

function turnRing() {
  document.querySelector("[data-ring]")?.style.setProperty("--ring-delay", `${-(now() % STEP_MS) / 1000}s`);
}

/** Keep the screen lit while the code is shown, where the browser can; take it again on coming back. */
async function stayAwake() {
  const take = () => navigator.wakeLock?.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", () => document.hidden || take());
  await take();
}
