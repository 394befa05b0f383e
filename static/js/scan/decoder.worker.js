/**
 * The eye of the gate: a module worker that finds the text of a QR code in a picture, off the page's own thread.
 *
 * Messages in:  {wasmUrl}            once, first; the address of zxing_reader.wasm on our own site
 *               {id, frame}          a camera frame, ImageBitmap or ImageData (transferred; a bitmap is closed here)
 *               {id, photo}          a still photo, Blob
 * Messages out: {ready}              "zxing", or "qr" where WebAssembly is missing or did not start
 *               {id, text, broken?}  the text, or null; broken: the decoder itself failed and should be replaced
 *
 * A frame gets one pass and the passes alternate: what one misses the next often reads, and each stays short.
 * A photo gets every pass, at several scales.
 */
import decodeQR from "qr/decode.js";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

const PASSES = [
  { scale: 1, tryInvert: true },
  { scale: 2 },
  { scale: 1, binarizer: "GlobalHistogram" },
  { scale: 2 },
];
// Plain "QRCode" would also find Micro QR codes that are not there.
const ALWAYS = { formats: ["QRCodeModel2"], textMode: "Plain", tryInvert: false, maxNumberOfSymbols: 4 };
const FRAME_SIDE = 1080;
// An enlarged frame is the middle 720 pixels: a code that does not fit in there has large modules and needs no enlarging.
const ENLARGED_SIDE = 720;
const PHOTO_SIDES = [1000, 1600, 700, 2400, 3600, 450];
const PHOTO_TIME = 8000;

let engine = null;
let pass = 0;
let canvas = null;
let context = null;

async function start(wasmUrl) {
  try {
    if (typeof WebAssembly !== "object") throw new TypeError("no WebAssembly");
    await prepareZXingModule({ overrides: { locateFile: () => wasmUrl }, fireImmediately: true });
    engine = "zxing";
  } catch {
    engine = "qr";
  }
  self.postMessage({ ready: engine });
}

/** The middle `width` × `height` of a picture, times `scale`, as ImageData. One canvas, which only grows while frames come. */
function pixels(picture, width, height, scale) {
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  canvas ??= new OffscreenCanvas(wide, high);
  if (canvas.width < wide) canvas.width = wide;
  if (canvas.height < high) canvas.height = high;
  context ??= canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  const [left, top] = [(picture.width - width) / 2, (picture.height - height) / 2];
  context.drawImage(picture, left, top, width, height, 0, 0, wide, high);
  return context.getImageData(0, 0, wide, high);
}

async function read(image, options, time) {
  if (engine === "qr") {
    try {
      return decodeQR(image, { timeLimit: time, effort: Infinity });
    } catch {
      return null; // it says "nothing found" by throwing
    }
  }
  const found = (await readBarcodes(image, { ...ALWAYS, ...options })).filter((code) => code.isValid && code.text);
  // A poster's code may be in the picture too; the card's goes first.
  return (found.find((code) => code.text.startsWith("KP1:")) ?? found[0])?.text ?? null;
}

async function readFrame(frame) {
  const { scale, ...options } = PASSES[pass++ % PASSES.length];
  // Safari before 16.4 has no canvas in a worker: its frames come as pixels, and are read as they are.
  if (typeof OffscreenCanvas === "undefined") return read(frame, options, 60);
  const picture = frame instanceof ImageData ? await createImageBitmap(frame) : frame;
  try {
    const most = scale === 2 ? ENLARGED_SIDE : Infinity;
    const [width, height] = [Math.min(picture.width, most), Math.min(picture.height, most)];
    const shrink = Math.min(1, FRAME_SIDE / Math.max(width, height));
    return await read(pixels(picture, width, height, scale * shrink), options, 60);
  } finally {
    picture.close();
  }
}

async function readPhoto(photo) {
  const picture = await createImageBitmap(photo).catch(() => null);
  if (!picture) return null;
  const until = performance.now() + PHOTO_TIME;
  const side = Math.max(picture.width, picture.height);
  const small = side <= 1000;
  const scales = small ? [1, 2, 3] : [...new Set(PHOTO_SIDES.map((wanted) => Math.min(1, wanted / side)))];
  try {
    for (const settings of [{ tryInvert: true }, { binarizer: "GlobalHistogram" }, { tryInvert: true, tryDenoise: true }]) {
      for (const scale of scales) {
        const text = await read(pixels(picture, picture.width, picture.height, scale), settings, 400);
        if (text !== null) return text;
        if (performance.now() > until) return null;
      }
    }
    return null;
  } finally {
    picture.close();
    canvas.width = canvas.height = 1; // a large photo's pixels are not kept through the evening
  }
}

self.onmessage = async ({ data }) => {
  if (data.wasmUrl) return start(data.wasmUrl);
  try {
    self.postMessage({ id: data.id, text: await (data.photo ? readPhoto(data.photo) : readFrame(data.frame)) });
  } catch {
    self.postMessage({ id: data.id, text: null, broken: true });
  }
};
