/**
 * The gate's scanner: the camera's pictures go to the decoder, and each code that comes into view is told once.
 * It judges nothing: a foreign code is a text like any other, and it goes on reading whatever the page makes of it.
 */
import { openCamera } from "./camera.js";
import { createDecoder } from "./decoder.js";

// Out of view this long, the same code may be told again: someone holds it up a second time.
const GONE = 2000;
// Sooner when another code has come between; not at once, because two codes side by side are read in turn.
const GONE_AFTER_ANOTHER = 700;

/** Decides which of the texts read are news. `now` in milliseconds, never going back. */
export function createNews(now) {
  let seen = new Map(); // text → when it was last in view
  let latest = null;
  return {
    /** Whether this text, in view now, has to be told. */
    isNew(text) {
      const age = now() - (seen.get(text) ?? -Infinity);
      const fresh = age > (text === latest ? GONE : GONE_AFTER_ANOTHER);
      seen = new Map([...seen].filter(([, at]) => now() - at <= GONE));
      seen.set(text, now());
      latest = text;
      return fresh;
    },
    forget() {
      seen.clear();
    },
  };
}

/**
 * @param {object} options
 * @param {HTMLVideoElement} options.video in the page and visible
 * @param {string} options.workerUrl the built scan/decoder.worker.js
 * @param {string} options.wasmUrl scan/zxing_reader.wasm, served by us
 * @param {(text: string) => void} options.onText a code has come into view
 * @param {(state: string, detail: object) => void} options.onState see camera.js; `failed` with
 *   {decoder: false} when pictures come and the decoder cannot be started
 * @param {() => number} [options.now] milliseconds, never going back
 */
export function createScanner({ video, workerUrl, wasmUrl, onText, onState, now = () => performance.now() }) {
  const news = createNews(now);
  let resting = false;
  let working = true; // the decoder
  let last = ["", {}]; // the camera's own state

  function tell(state, detail) {
    last = [state, detail];
    if (!working) onState("failed", { ...detail, decoder: false });
    else onState(resting && state === "live" ? "paused" : state, { ...detail, decoder: true });
  }

  const decoder = createDecoder({
    workerUrl,
    wasmUrl,
    now,
    onHealth(health) {
      working = health;
      tell(...last);
    },
  });
  let grabbing = false;
  // Safari before 16.4 has no canvas in a worker, and takes its pixels on the page.
  let bitmaps = typeof OffscreenCanvas !== "undefined";
  let refusals = 0;
  const camera = openCamera(video, { onState: tell, onFrame: look, now });

  /** The middle square of the picture: a frame on the page shows the same square. */
  function grab() {
    const side = Math.min(video.videoWidth, video.videoHeight);
    const [left, top] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2].map(Math.floor);
    if (bitmaps) return createImageBitmap(video, left, top, side, side);
    const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
    const context = canvas.getContext("2d");
    context.drawImage(video, left, top, side, side, 0, 0, side, side);
    return context.getImageData(0, 0, side, side);
  }

  async function look() {
    if (resting || grabbing || !decoder.free || video.videoWidth === 0) return;
    grabbing = true;
    const frame = await Promise.resolve().then(grab).catch(() => null);
    grabbing = false;
    if (!frame) {
      // Between two streams there is no picture to take; refused again and again, it is the browser.
      bitmaps &&= ++refusals < 10;
      return;
    }
    refusals = 0;
    // While the picture was taken a photo may have come first.
    if (resting || !decoder.free) return frame.close?.();
    const text = await decoder.readFrame(frame);
    if (text === null || resting || !news.isNew(text)) return;
    try {
      onText(text);
    } catch (error) {
      reportError(error); // the page's mistake must not stop the scanner
    }
  }

  return {
    /** The camera's state, as told last. */
    get state() {
      return camera.state;
    },
    /** Opens the camera and the decoder; also the "try again" of every state. */
    async start() {
      resting = false;
      decoder.start();
      await camera.start();
    },
    /** Gives camera and decoder back. */
    stop() {
      camera.stop();
      decoder.stop();
      news.forget();
    },
    /** Reads nothing for a while; the camera stays open, so that nobody is asked for it again. */
    pause() {
      resting = true;
      tell(...last);
    },
    resume() {
      resting = false;
      tell(...last);
    },
    /** The code in view now is told again. */
    forget: news.forget,
    /** For the tap that `tap_to_play` asks for. */
    play: camera.play,
    switchLens: camera.switchLens,
    setTorch: camera.setTorch,
    /** The text of the code in a still photo (File or Blob), or null. Needs no camera and no start(). */
    readPhoto: (photo) => decoder.readPhoto(photo),
  };
}
