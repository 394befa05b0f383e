/**
 * Base45 (RFC 9285), strict: upper case only, every group range-checked, nothing trimmed or skipped.
 */

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]));

/** @param {Uint8Array} bytes @returns {string} */
export function encode(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 2) {
    const pair = i + 1 < bytes.length;
    let value = pair ? bytes[i] * 256 + bytes[i + 1] : bytes[i];
    for (let n = pair ? 3 : 2; n > 0; n -= 1) {
      text += ALPHABET[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}

/** @param {string} text @returns {Uint8Array} RangeError when it is not base45. */
export function decode(text) {
  if (text.length % 3 === 1) throw new RangeError("not base45: length");
  const bytes = new Uint8Array(Math.floor((text.length * 2) / 3));
  for (let i = 0, at = 0; i < text.length; i += 3) {
    const [first, second, third] = [...text.slice(i, i + 3)].map((character) => VALUES.get(character));
    const pair = i + 2 < text.length;
    const value = first + 45 * second + (pair ? 2025 * third : 0);
    // A character outside the alphabet makes the sum NaN, which no comparison accepts.
    if (!(value <= (pair ? 0xffff : 0xff))) throw new RangeError("not base45");
    if (pair) bytes[at++] = value >> 8;
    bytes[at++] = value & 0xff;
  }
  return bytes;
}
