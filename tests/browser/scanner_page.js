// The page the scanner's tests open: a video, the scanner, and a log of everything it tells.
import { listenKeyboard } from "../../static/js/scan/keyboard.js";
import { createScanner } from "../../static/js/scan/scanner.js";

const log = { states: [], texts: [], typed: [], pressed: 0 };
let ahead = 0;

window.log = log;
window.later = (ms) => (ahead += ms);
window.scanner = createScanner({
  video: document.querySelector("video"),
  workerUrl: document.body.dataset.worker,
  wasmUrl: document.body.dataset.wasm,
  onText: (text) => log.texts.push({ text, at: performance.now() }),
  onState: (state, detail) => log.states.push({ state, at: performance.now(), ...detail }),
  now: () => performance.now() + ahead,
});
window.readPhoto = async (address) => window.scanner.readPhoto(await (await fetch(address)).blob());
listenKeyboard(document, (text) => log.typed.push(text));
document.querySelector("button").addEventListener("click", () => (log.pressed += 1));
