/** The gate's page: the camera, the typed number, a photo and a USB scanner lead to one flow, which the sheet shows. */
import { listenKeyboard } from "../scan/keyboard.js";
import { createScanner } from "../scan/scanner.js";
import { createEvening } from "./evening.js";
import { createExchange } from "./exchange.js";
import { createFlow, createKept } from "./flow.js";
import { createSheet } from "./sheet.js";
import { createSound } from "./sound.js";
import { listenNumber } from "./typing.js";
import { createWords } from "./words.js";

const gate = document.getElementById("main");
const find = (name) => gate.querySelector(`[data-part="${name}"]`);
const { worker, wasm, check, uses, undo, atOnce } = gate.dataset;

function storageOf(name) {
  try {
    return window[name];
  } catch {
    return null; // forbidden altogether in some browsers' settings
  }
}
const [session, local] = [storageOf("sessionStorage"), storageOf("localStorage")];

const words = createWords(document.getElementById("words"), document.documentElement.lang);
const sound = createSound(local);
const evening = createEvening(find("evening"), session, () => {
  find("event").textContent = evening.nameOf(evening.current);
  flow.recheck();
});
find("event").textContent = evening.nameOf(evening.current);

const sheet = find("sheet");
const showSheet = createSheet(sheet, { words, sound, gate, nameOf: evening.nameOf });
const hint = find("hint");
let reading = false; // a photo
let stage = null;

function tellHint() {
  const id = reading ? "hint.photo" : stage === "checking" ? "hint.checking" : "hint.hold";
  hint.textContent = words.say(id);
  gate.toggleAttribute("data-busy", id !== "hint.hold");
}

const flow = createFlow({
  send: createExchange({ csrf: document.querySelector('meta[name="csrf-token"]').content }),
  evening: () => evening.current,
  paths: { check, uses, undo: (useId) => undo.replace("/0/", `/${useId}/`) },
  atOnce: atOnce === "true",
  kept: createKept(session),
  show(view) {
    stage = view?.stage ?? null;
    if (view) closeDialogs();
    find("photo-empty").hidden = true;
    showSheet(view);
    tellHint();
  },
  onToday({ uses: count }) {
    find("count").textContent = count;
  },
  onKept(waiting, refused, failure) {
    const line = find("kept");
    line.hidden = waiting + refused === 0;
    const sentence = waiting ? words.count("kept", waiting) : words.count("kept.refused", refused);
    line.querySelector("span").textContent = [sentence, waiting && failure && words.say(`failure.${failure}`)]
      .filter(Boolean)
      .join(" ");
    find("send-kept").hidden = waiting === 0;
    find("show-refused").hidden = waiting > 0;
  },
});

// The camera

const message = find("message");
let retry = "start";
const scanner = createScanner({
  video: find("video"),
  workerUrl: worker,
  wasmUrl: wasm,
  onText: flow.seen,
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

const dialogs = [...gate.querySelectorAll("dialog")];
const closeDialogs = () => dialogs.forEach((dialog) => dialog.open && dialog.close());
for (const opener of gate.querySelectorAll("[data-opens]")) {
  opener.addEventListener("click", () => {
    scanner.pause();
    document.getElementById(opener.dataset.opens).showModal();
  });
}
for (const dialog of dialogs) {
  dialog.addEventListener("close", () => scanner.resume());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
}
find("evening").addEventListener("submit", (event) => {
  event.preventDefault();
  closeDialogs();
});
listenNumber(find("number"), flow.typed);
listenKeyboard(document, flow.seen);

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
  else await flow.seen(text);
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
  reload: () => location.reload(),
  assistant: () => setParty("assistants", 1),
};

function putAway() {
  flow.next();
  gate.focus({ preventScroll: true });
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

find("send-kept").addEventListener("click", () => flow.sendKept());
find("show-refused").addEventListener("click", () => flow.showRefused());
window.addEventListener("online", () => flow.sendKept());

function stayAwake() {
  if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {}); // refused on a low battery
}
document.addEventListener("visibilitychange", stayAwake);

for (const part of gate.querySelectorAll("[data-live]")) part.hidden = false;
tellHint();
scanner.start();
flow.sendKept();
stayAwake();
