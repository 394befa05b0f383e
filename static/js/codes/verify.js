/**
 * Checking a code with the network's public keys alone, without a connection. The same refusals in the same order as
 * wallet/codes/token.py.
 */

import { helsinkiDay, STEP_MS } from "./days.js";
import { message } from "./mint.js";
import { importPoint, signedBy } from "./p256.js";
import { CodeRefused, parse } from "./token.js";

/** Ages accepted, in seconds, both ends included: the checker's time minus the start of the code's step. */
export const ONLINE = { early: -30, late: 60 };
export const OFFLINE = { early: -60, late: 120 };
// The page that shows a C3 code says that it holds for 120 seconds, so a C3 code gets at least that.
export const SERVER_SHOWN = { early: -30, late: 120 };

/**
 * @typedef {object} ListedKey a network key as the gate's list holds it
 * @property {string|Uint8Array} public compressed point, hex or bytes
 * @property {number} [earliestIssueDay] what it signed for earlier days is refused
 * @property {string|boolean|null} [withdrawn] anything but null, false or "" refuses all it signed
 */

/** The keys of a public key file (wallet.codes.keys.dump) by type and kid. @returns {Map<string, ListedKey>} */
export function keyMap(entries) {
  return new Map(
    entries.map((entry) => [
      `${entry.type}:${entry.kid}`,
      { public: entry.public, earliestIssueDay: entry.earliest_issue_day, withdrawn: entry.withdrawn },
    ]),
  );
}

/**
 * @param {string} text
 * @param {object} checker
 * @param {Map<string, ListedKey>} checker.keys by type and kid: "C1:4711"
 * @param {string} checker.deployment the service's host name
 * @param {number} checker.at the checker's time, ms since the epoch
 * @param {{early: number, late: number}} [checker.window] OFFLINE unless said
 * @returns {Promise<{code: import("./token.js").Code}>} CodeRefused with the first reason that applies: other_system,
 *   unreadable, unknown_key, withdrawn_key, forged, not_yet_valid, expired, old_code, early_code. Before
 *   not_yet_valid, the refusal's `code` is only a claim: nothing in it has been proved.
 */
export async function verify(text, { keys, deployment, at, window = OFFLINE }) {
  // NaN is neither too old nor too early.
  if (!Number.isFinite(at)) throw new TypeError("a time in milliseconds is needed");
  const code = parse(text);
  const key = keys.get(`${code.type}:${code.kid}`);
  if (!key) throw new CodeRefused("unknown_key", code);
  if (key.withdrawn || code.issuedDay < (key.earliestIssueDay ?? 0)) throw new CodeRefused("withdrawn_key", code);
  if (!(await signaturesHold(code, key, deployment))) throw new CodeRefused("forged", code);
  const today = helsinkiDay(at);
  if (today < code.issuedDay) throw new CodeRefused("not_yet_valid", code);
  if (today > code.lastDay) throw new CodeRefused("expired", code);
  if (code.step !== null) {
    const age = at - code.step * STEP_MS;
    const late = code.type === "C3" ? Math.max(window.late, SERVER_SHOWN.late) : window.late;
    if (age > late * 1000) throw new CodeRefused("old_code", code);
    if (age < window.early * 1000) throw new CodeRefused("early_code", code);
  }
  return { code };
}

async function signaturesHold(code, key, deployment) {
  const network = await networkKey(key.public);
  const body = code.raw.subarray(0, -64);
  const last = code.raw.subarray(-64);
  if (code.type !== "C1") {
    return signedBy(network, last, message(code.type === "C2" ? "paper" : "server", deployment, body));
  }
  const credential = message("cred", deployment, body.subarray(0, 49));
  if (!(await signedBy(network, body.subarray(49, 113), credential))) return false;
  let phone;
  try {
    phone = await importPoint(code.phoneKey);
  } catch {
    return false;
  }
  return signedBy(phone, last, message("show", deployment, body));
}

// A gate meets the same few network keys all evening; taking the square root once each is enough.
const imported = new Map();

async function networkKey(point) {
  const hex = typeof point === "string" ? point : toHex(point);
  if (!imported.has(hex)) imported.set(hex, await importPoint(fromHex(hex)));
  return imported.get(hex);
}

function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}
