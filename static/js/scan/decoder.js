/**
 * The page's side of the decoder: starts the worker, hands it one picture at a time, and replaces it when it crashes,
 * when it gives no answer, and every half hour (WebAssembly memory only grows).
 */
const ANSWER_WITHIN = 3000;
const START_WITHIN = 20_000;
const PHOTO_WITHIN = 15_000;
const LIFE = 30 * 60_000;
const STARTS_BEFORE_TROUBLE = 3;

/**
 * @param {object} options
 * @param {string} options.workerUrl address of the built decoder.worker.js
 * @param {string} options.wasmUrl address of zxing_reader.wasm
 * @param {() => number} options.now milliseconds, never going back
 * @param {(working: boolean) => void} options.onHealth false after three starts that failed in a row; true when it works again
 */
export function createDecoder({ workerUrl, wasmUrl, now, onHealth }) {
  const wasm = new URL(wasmUrl, document.baseURI).href;
  let worker = null;
  let engine = null;
  let bornAt = 0;
  let failures = 0;
  let waiting = null; // {id, answer, timer} of the one picture that is being read
  let lastId = 0;
  let timer = null; // of a start, or of the pause before the next
  let whenReady = [];

  function start() {
    clearTimeout(timer);
    bornAt = now();
    const mine = new Worker(workerUrl, { type: "module" });
    worker = mine;
    mine.onmessage = ({ data }) => {
      if (worker !== mine) return;
      if (data.ready) {
        clearTimeout(timer);
        engine = data.ready;
        for (const go of whenReady.splice(0)) go();
      } else if (waiting?.id === data.id) {
        if (data.broken) return renew();
        if (failures >= STARTS_BEFORE_TROUBLE) onHealth(true);
        failures = 0;
        settle(data.text);
      }
    };
    mine.onerror = mine.onmessageerror = (event) => {
      event.preventDefault?.();
      if (worker === mine) renew();
    };
    mine.postMessage({ wasmUrl: wasm });
    timer = setTimeout(renew, START_WITHIN);
  }

  function settle(text) {
    clearTimeout(waiting?.timer);
    waiting?.answer(text);
    waiting = null;
  }

  function end() {
    clearTimeout(timer);
    worker?.terminate();
    worker = engine = null;
    settle(null);
  }

  function renew() {
    end();
    failures += 1;
    if (failures === STARTS_BEFORE_TROUBLE) {
      onHealth(false);
      for (const go of whenReady.splice(0)) go();
    }
    timer = setTimeout(start, Math.min(30_000, failures === 1 ? 0 : 500 * 2 ** failures));
  }

  function ask(message, transfer, within) {
    const id = ++lastId;
    return new Promise((answer) => {
      waiting = { id, answer, timer: setTimeout(renew, within) };
      worker.postMessage({ id, ...message }, transfer);
    });
  }

  return {
    /** "zxing", "qr", or null while it starts. */
    get engine() {
      return engine;
    },
    /** True when a frame given now would be read at once. */
    get free() {
      if (engine && !waiting && now() - bornAt > LIFE) {
        end();
        start();
      }
      return engine !== null && waiting === null;
    },
    /** Starts the worker if none runs, without waiting for the pause after a failure to pass. */
    start() {
      if (!worker) start();
    },
    /** Reads a camera frame (which is given away): its text, or null. Call only when `free`. */
    readFrame: (frame) => ask({ frame }, [frame instanceof ImageData ? frame.data.buffer : frame], ANSWER_WITHIN),
    /** Reads a still photo, when the frame before it is done: its text, or null. */
    async readPhoto(photo) {
      this.start();
      if (!engine && failures < STARTS_BEFORE_TROUBLE) await new Promise((go) => whenReady.push(go));
      while (waiting) await new Promise((go) => setTimeout(go, 20));
      return engine ? ask({ photo }, [], PHOTO_WITHIN) : null;
    },
    stop() {
      end();
      timer = null;
      failures = 0;
      for (const go of whenReady.splice(0)) go();
    },
  };
}
