/**
 * The signed list that a gate checks with when it has no connection. The twin of wallet/codes/lists.py.
 */

import { message } from "./mint.js";
import { importPoint, signedBy } from "./p256.js";
import { keyMap } from "./verify.js";

const ID_BYTES = 5;
const DAY_MS = 86_400_000;

/** Why a list was not taken: unreadable, unknown_key, forged, older. */
export class ListRefused extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * @typedef {object} GateList
 * @property {number} number never goes backwards
 * @property {number} issued ms since the epoch
 * @property {Map<string, object>} keys as `verify` takes them
 * @property {Uint8Array} withdrawn sorted credential ids, 5 bytes each
 */

/**
 * Check and read a list.
 * @param {string} text as the server gave it
 * @param {object} pinned list keys of the app: kid → compressed point in hex
 * @param {string} deployment
 * @param {number} [least] the number of the list that is kept: an older one is not taken
 * @returns {Promise<GateList>} throws ListRefused
 */
export async function readList(text, pinned, deployment, least = 0) {
  let outer, raw, signature;
  try {
    outer = JSON.parse(text);
    [raw, signature] = [bytes(outer.body), bytes(outer.signature)];
  } catch {
    throw new ListRefused("unreadable");
  }
  const point = Object.hasOwn(pinned, outer.kid) ? pinned[outer.kid] : undefined;
  if (!point) throw new ListRefused("unknown_key");
  const key = await importPoint(fromHex(point));
  if (!(await signedBy(key, signature, message("list", deployment, raw)))) throw new ListRefused("forged");
  const body = JSON.parse(new TextDecoder().decode(raw));
  if (body.number < least) throw new ListRefused("older");
  return {
    number: body.number,
    issued: Date.parse(body.issued),
    keys: keyMap(body.keys),
    withdrawn: bytes(body.withdrawn),
  };
}

/** Whether a credential is withdrawn in the list: a search by halves in the sorted ids. */
export function isWithdrawn(list, credential) {
  let [low, high] = [0, list.withdrawn.length / ID_BYTES];
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compare(list.withdrawn.subarray(middle * ID_BYTES, (middle + 1) * ID_BYTES), credential);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

/** How old a list is for a verdict: `fresh`, `amber` over 24 hours, `stale` over 7 days (no green). */
export function ageOf(list, at) {
  const days = (at - list.issued) / DAY_MS;
  if (days > 7) return "stale";
  return days > 1 ? "amber" : "fresh";
}

function compare(one, other) {
  for (let at = 0; at < ID_BYTES; at += 1) if (one[at] !== other[at]) return one[at] - other[at];
  return 0;
}

function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}

function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16));
}
