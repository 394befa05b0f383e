/** The gate's page: the camera, the typed number, a photo and a USB scanner lead to one flow, which the sheet shows. */
import { listenKeyboard } from "../scan/keyboard.js";
import { createScanner } from "../scan/scanner.js";
import { startWorker } from "../web/worker.js";
import { createEvening } from "./evening.js";
import { createFlow } from "./flow.js";
import { createLines, createPage } from "./page.js";
import { createSheet } from "./sheet.js";
import { createSound } from "./sound.js";
import { createStation } from "./station.js";
import { listenNumber } from "./typing.js";
import { createWords } from "./words.js";

const gate = document.getElementById("main");
const find = (name) => gate.querySelector(`[data-part="${name}"]`);
const { worker, wasm, check, uses, undo, facts: told, paths: asked, list } = gate.dataset;
const paths = { check, uses, list, facts: asked, undo: (useId) => undo.replace("/0/", `/${useId}/`) };

function storageOf(name) {
  try {
    return window[name];
  } catch {
    return null; // forbidden altogether in some browsers' settings
  }
}
const [session, local] = [storageOf("sessionStorage"), storageOf("localStorage")];

const language = document.documentElement.lang;
const words = createWords(document.getElementById("words"), language);
const sound = createSound(local);
const dialogs = [...gate.querySelectorAll("dialog")];
const page = createPage(find, words, language);
const tellLines = createLines(find, words);
const given = told ? JSON.parse(told) : null;
if (given) page.fill(given);

const evening = createEvening(find("evening"), session, () => {
  find("event").textContent = evening.nameOf(evening.current);
  flow.recheck();
});
const tellEvent = () => (find("event").textContent = evening.nameOf(evening.current));
tellEvent();

const sheet = find("sheet");
const showSheet = createSheet(sheet, { words, sound, gate, nameOf: evening.nameOf });
const hint = find("hint");
let reading = false; // a photo
let stage = null;
let refused = [];
let refusedShown = null; // its scan id

function tellHint() {
  const id = reading ? "hint.photo" : stage === "checking" ? "hint.checking" : "hint.hold";
  hint.textContent = words.say(id);
  gate.toggleAttribute("data-busy", id !== "hint.hold");
}

/** A newer version of the page waits until nothing is on show and nothing is being sent. */
function tellBusy() {
  const typing = dialogs.some((dialog) => dialog.open);
  if (stage || typing || station.queue.sending) document.documentElement.dataset.busy = "1";
  else delete document.documentElement.dataset.busy;
}

const station = await createStation({
  facts: given,
  paths,
  onChange: tellState,
  onFacts(facts) {
    page.fill(facts);
    evening.recall();
    tellEvent();
  },
  onSettled: (...settled) => flow.settled(...settled),
  onToday: ({ uses: count }) => (find("count").textContent = count),
});

async function tellState() {
  tellBusy();
  const { queue, link, lasting } = station;
  const state = await queue.state();
  refused = state.refused;
  tellLines({ ...state, trouble: queue.trouble, link, list: station.list.current, lasting, gate: Boolean(station.facts) });
}

const flow = createFlow({
  send: station.send,
  evening: () => evening.current,
  paths,
  atOnce: () => station.facts.at_once,
  queue: station.queue,
  judge: station.judge,
  link: station.link,
  stamp: station.stamp,
  seek: station.seek,
  show(view) {
    stage = view?.stage ?? null;
    refusedShown = stage === "refused" ? view.scan.scan_id : null;
    if (view) closeDialogs();
    for (const line of ["photo-empty", "away"]) find(line).hidden = true;
    showSheet(view);
    tellHint();
    tellBusy();
  },
  onToday: ({ uses: count }) => (find("count").textContent = count),
});
// A phone that was never a gate can open the page without a connection, but has nobody to record for.
const seen = async (text) => station.facts && flow.seen(text);

// The camera

const message = find("message");
let retry = "start";
const scanner = createScanner({
  video: find("video"),
  workerUrl: worker,
  wasmUrl: wasm,
  onText: seen,
  onState(state, { lenses = 0, torch = false, torchOn = false, asking = false, decoder = true }) {
    const word = asking ? "asking" : decoder ? state : "no_decoder";
    const head = words.say(`camera.${word}`);
    message.hidden = state === "live" || state === "paused";
    gate.dataset.camera = word;
    message.querySelector("[data-head]").textContent = head ?? words.say("camera.failed");
    message.querySelector("[data-text]").textContent = words.say(`camera.${word}.text`) ?? "";
    retry = state === "tap_to_play" ? "play" : "start";
    const button = find("camera-retry");
    button.hidden = ["starting", "unsupported", "insecure", "blocked_by_policy"].includes(state);
    button.textContent = words.say(retry === "play" ? "camera.play" : "camera.retry");
    hint.hidden = state !== "live";
    find("reticle").toggleAttribute("hidden", state !== "live");
    find("torch").hidden = !torch;
    find("torch").setAttribute("aria-pressed", String(torchOn));
    find("lens").hidden = lenses < 2;
  },
});
find("camera-retry").addEventListener("click", () => scanner[retry]());
find("torch").addEventListener("click", (event) => {
  scanner.setTorch(event.currentTarget.getAttribute("aria-pressed") !== "true");
});
find("lens").addEventListener("click", () => scanner.switchLens());

// Other ways

const closeDialogs = () => dialogs.forEach((dialog) => dialog.open && dialog.close());
for (const opener of gate.querySelectorAll("[data-opens]")) {
  opener.addEventListener("click", () => {
    scanner.pause();
    document.getElementById(opener.dataset.opens).showModal();
    tellBusy();
  });
}
for (const dialog of dialogs) {
  dialog.addEventListener("close", () => {
    scanner.resume();
    tellBusy();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
}
find("evening").addEventListener("submit", (event) => {
  event.preventDefault();
  closeDialogs();
});
listenNumber(find("number"), (number) => station.facts && flow.typed(number));
listenKeyboard(document, seen);

find("photo").addEventListener("change", async ({ target }) => {
  const [photo] = target.files;
  target.value = ""; // the same picture may be chosen again
  if (!photo) return;
  reading = true;
  tellHint();
  const text = await scanner.readPhoto(photo).catch(() => null);
  reading = false;
  tellHint();
  find("photo-empty").hidden = text !== null;
  if (text === null) find("photo-empty").focus();
  else await seen(text);
});

const sounds = find("sounds");
sounds.checked = !sound.muted;
sounds.addEventListener("change", () => {
  sound.muted = !sounds.checked;
});
for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, sound.unlock, { capture: true });

// The sheet's buttons

const acts = {
  record: flow.record,
  drop: putAway,
  later: putAway,
  next: putAway,
  again: flow.again,
  undo: flow.undo,
  another: flow.another,
  member: () => gather(flow.gather),
  unmember: () => gather(flow.dropMember),
  reload: () => location.reload(),
  assistant: () => setParty("assistants", 1),
  async remove() {
    await station.queue.drop(refusedShown);
    putAway();
  },
};

function putAway() {
  flow.next();
  gate.focus({ preventScroll: true });
}

/** The button that was pressed may be gone now: the headline takes the focus, as after each scan. */
function gather(act) {
  act();
  sheet.querySelector('[data-slot="headline"]').focus();
}

function setParty(name, value) {
  const party = { children: 0, assistants: 0 };
  for (const each of Object.keys(party)) party[each] = Number(sheet.querySelector(`input[name="${each}"]`).value) || 0;
  const field = sheet.querySelector(`input[name="${name}"]`);
  party[name] = Math.min(Math.max(0, Math.trunc(value) || 0), Number(field.max));
  flow.party(party.children, party.assistants);
  // A button that has just gone (or can't go further) leaves the focus to its number.
  if (document.activeElement === document.body || document.activeElement?.disabled) field.focus();
}

sheet.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-act], [data-step]");
  if (button?.dataset.act) acts[button.dataset.act]?.();
  if (button?.dataset.step) {
    const field = button.parentElement.querySelector("input");
    setParty(field.name, Number(field.value) + Number(button.dataset.step));
  }
});
sheet.addEventListener("change", ({ target }) => setParty(target.name, Number(target.value)));
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && !sheet.hidden && !dialogs.some((dialog) => dialog.open)) putAway();
});

// What still waits for its answer

find("send-kept").addEventListener("click", () => station.seek());
find("show-refused").addEventListener("click", () => refused.length && flow.showRefused(refused[0]));
gate.querySelector(".gate__count").addEventListener("click", (event) => {
  if (station.link.up) return;
  event.preventDefault(); // the list is the register's: without a connection there would be the browser's own page
  find("away").hidden = false;
  find("away").focus();
});

function stayAwake() {
  if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {}); // refused on a low battery
}
document.addEventListener("visibilitychange", stayAwake);

for (const part of gate.querySelectorAll("[data-live]")) part.hidden = false;
tellHint();
scanner.start();
stayAwake();
startWorker("gate");
await station.start();
