/**
 * Reading the rotating code (format KP1). The layout stands in wallet/codes/token.py; both are held to
 * tests/codes/vectors.json.
 *
 * ECDSA is malleable: the same code exists with other signature bytes. Never use the text or a signature as a key for
 * anything; what marks a showing as used is (card, step).
 */

import { decode } from "./base45.js";
import { CREDENTIAL_BYTES } from "./mint.js";

const TYPES = new Map([[0xc1, "C1"], [0xc2, "C2"], [0xc3, "C3"]]);
const LENGTHS = { C1: 184, C2: 80, C3: 87 };
const TEXT_LENGTHS = [280, 124, 135];
const COMMUNITY = 2;

/** A code was refused. `reason` is stable, `code` what was read, or null. */
export class CodeRefused extends Error {
  constructor(reason, code = null) {
    super(reason);
    this.name = "CodeRefused";
    this.reason = reason;
    this.code = code;
  }
}

/**
 * @typedef {object} Code a code as read; paper has no step, no audience, and a party of 0 and 0
 * @property {"C1"|"C2"|"C3"} type
 * @property {number} kid
 * @property {Uint8Array} credential 5 bytes
 * @property {number} issuedDay
 * @property {number} lastDay inclusive
 * @property {1|2} kind personal, community
 * @property {number} children
 * @property {number} birthYear 0 for a community card
 * @property {Uint8Array|null} phoneKey compressed point
 * @property {number|null} step
 * @property {number|null} audience
 * @property {number} partyChildren
 * @property {number} partyAssistants
 * @property {Uint8Array} raw
 */

/**
 * Read a text strictly; nothing is checked against a key. Nothing is trimmed; no code begins or ends with white space.
 * @param {string} text
 * @returns {Code} CodeRefused "other_system" when it does not begin with KP1:, "unreadable" when what follows is not
 *   exactly one code.
 */
export function parse(text) {
  if (!text.startsWith("KP1:")) throw new CodeRefused("other_system");
  if (!TEXT_LENGTHS.includes(text.length)) throw new CodeRefused("unreadable");
  const code = read(decoded(text.slice(4)));
  const sound =
    code.issuedDay <= code.lastDay &&
    (code.kind === 1 || code.kind === COMMUNITY) &&
    code.children <= 15 &&
    (code.birthYear === 0) === (code.kind === COMMUNITY);
  if (!sound) throw new CodeRefused("unreadable");
  return code;
}

/** The network's part of a C1 code, as the phone keeps it. @param {Code} code @returns {Uint8Array} 113 bytes */
export function credentialBytes(code) {
  return code.raw.subarray(0, CREDENTIAL_BYTES);
}

function decoded(text) {
  try {
    return decode(text);
  } catch {
    throw new CodeRefused("unreadable");
  }
}

function read(raw) {
  const type = TYPES.get(raw[0]);
  if (raw.length !== LENGTHS[type]) throw new CodeRefused("unreadable");
  const view = new DataView(raw.buffer);
  const showing = type === "C2" ? null : raw.length - 71;
  const party = showing === null ? 0 : view.getUint8(showing + 6);
  return {
    type,
    kid: view.getUint16(1),
    credential: raw.slice(3, 8),
    issuedDay: view.getUint16(8),
    lastDay: view.getUint16(10),
    kind: view.getUint8(12),
    children: view.getUint8(13),
    birthYear: view.getUint16(14),
    phoneKey: type === "C1" ? raw.slice(16, 49) : null,
    step: showing === null ? null : view.getUint32(showing),
    audience: showing === null ? null : view.getUint16(showing + 4),
    partyChildren: party & 0x0f,
    partyAssistants: party >> 4,
    raw,
  };
}
