/**
 * P-256: compressed points and signatures. Written out, since WebKit's importKey("raw") refuses compressed points.
 */

import { ECDSA } from "./mint.js";

// The field's prime, the curve's b and the group's order (SP 800-186, section 3.2.1.3); a is −3.
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * The whole point (65 bytes, 04‖x‖y) of a compressed one.
 * @param {Uint8Array} point @returns {Uint8Array} RangeError when it is not 33 bytes or not on the curve.
 */
export function decompress(point) {
  if (point.length !== 33 || (point[0] !== 2 && point[0] !== 3)) throw new RangeError("not a compressed point");
  const x = toNumber(point.subarray(1));
  if (x >= P) throw new RangeError("x is not in the field");
  const square = (((x * x - 3n) * x + B) % P + P) % P;
  let y = power(square, (P + 1n) / 4n);
  if ((y * y) % P !== square) throw new RangeError("not on the curve");
  // y is never 0: the group's order is odd, so that no point is its own opposite.
  if (Number(y & 1n) !== (point[0] & 1)) y = P - y;
  const whole = new Uint8Array(65);
  whole[0] = 4;
  whole.set(point.subarray(1), 1);
  for (let i = 64; i > 32; i -= 1, y >>= 8n) whole[i] = Number(y & 0xffn);
  return whole;
}

/** A key that checks signatures. @param {Uint8Array} point compressed @returns {Promise<CryptoKey>} */
export async function importPoint(point) {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  return crypto.subtle.importKey("raw", decompress(point), curve, true, ["verify"]);
}

/**
 * Whether a raw r‖s signature is this key's. Both values of s that fit are accepted.
 * @param {CryptoKey} key @param {Uint8Array} signature 64 bytes @param {Uint8Array} bytes
 * @returns {Promise<boolean>}
 */
export async function signedBy(key, signature, bytes) {
  const [r, s] = [toNumber(signature.subarray(0, 32)), toNumber(signature.subarray(32))];
  if (signature.length !== 64 || r === 0n || r >= N || s === 0n || s >= N) return false;
  return crypto.subtle.verify(ECDSA, key, signature, bytes);
}

function toNumber(bytes) {
  return bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n);
}

function power(base, exponent) {
  let result = 1n;
  for (; exponent > 0n; exponent >>= 1n, base = (base * base) % P) {
    if (exponent & 1n) result = (result * base) % P;
  }
  return result;
}
