/**
 * The phone's key: a P-256 pair whose private half scripts cannot read. Keeping it (IndexedDB) is the holder's room.
 */

import { message, sign } from "./mint.js";

/** Make a pair. `privateKey` is not extractable; that binds scripts only, not whoever reads the disk.
 * @returns {Promise<CryptoKeyPair>} */
export function generatePhoneKey() {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
}

/** The public key as a compressed point, 33 bytes. @param {CryptoKey} publicKey @returns {Promise<Uint8Array>} */
export async function compressedPoint(publicKey) {
  const whole = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  const point = whole.slice(0, 33);
  point[0] = 2 + (whole[64] & 1);
  return point;
}

/**
 * The signature that proves at activation that the key was kept: over the server's nonce, under a prefix of its own.
 * @param {CryptoKey} privateKey @param {string} deployment @param {Uint8Array} nonce
 * @returns {Promise<Uint8Array>} raw r‖s, 64 bytes
 */
export function proveKey(privateKey, deployment, nonce) {
  return sign(privateKey, message("prove", deployment, nonce));
}
