/**
 * The phone's half of the rotating code: a credential from the network, and a signature over this moment.
 * Holds nothing of reading or checking, so that the card page stays small.
 */

import { encode } from "./base45.js";

export const ECDSA = { name: "ECDSA", hash: "SHA-256" };
export const CREDENTIAL_BYTES = 113;

/**
 * What is signed: a prefix that names the purpose and the deployment, then the bytes.
 * @param {"cred"|"show"|"paper"|"server"|"prove"} purpose
 * @param {string} deployment the service's host name
 * @param {Uint8Array} body
 * @returns {Uint8Array}
 */
export function message(purpose, deployment, body) {
  return joined(new TextEncoder().encode(`KP1/${purpose}/${deployment}\0`), body);
}

/**
 * The text of a C1 code.
 * @param {object} showing
 * @param {Uint8Array} showing.credential 113 bytes, as the server gave them
 * @param {CryptoKey} showing.privateKey the phone's key
 * @param {string} showing.deployment
 * @param {number} showing.step
 * @param {number} [showing.audience] a door's challenge, 0 for any
 * @param {number} [showing.party] who is with the holder today, from `partyByte`
 * @returns {Promise<string>} RangeError when a number does not fit.
 */
export async function mintPhone({ credential, privateKey, deployment, step, audience = 0, party = 0 }) {
  if (credential.length !== CREDENTIAL_BYTES) throw new RangeError("a credential has 113 bytes");
  whole(step, 2 ** 32);
  whole(audience, 2 ** 16);
  whole(party, 2 ** 8);
  const showing = new DataView(new ArrayBuffer(7));
  showing.setUint32(0, step);
  showing.setUint16(4, audience);
  showing.setUint8(6, party);
  const body = joined(credential, new Uint8Array(showing.buffer));
  return "KP1:" + encode(joined(body, await sign(privateKey, message("show", deployment, body))));
}

/** A raw r‖s signature, 64 bytes. @param {CryptoKey} privateKey @param {Uint8Array} bytes */
export async function sign(privateKey, bytes) {
  return new Uint8Array(await crypto.subtle.sign(ECDSA, privateKey, bytes));
}

/** Who is with the holder today, in one byte. @returns {number} RangeError when either is not 0–15. */
export function partyByte(children, assistants) {
  whole(children, 16);
  whole(assistants, 16);
  return (assistants << 4) | children;
}

function whole(number, limit) {
  if (!(Number.isInteger(number) && number >= 0 && number < limit)) throw new RangeError(`not below ${limit}`);
}

function joined(first, second) {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
