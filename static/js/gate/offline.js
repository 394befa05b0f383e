/**
 * The verdict that a gate's phone gives by itself: both signatures, the code's days and its window by the gate's clock
 * put right, the signed list, and what this phone recorded lately. The same answers as the register's, marked
 * `offline`. Nothing is shown as checked that was not: then it is `not_checked`, which is neutral.
 */
import { ageOf, isWithdrawn } from "../codes/list.js";
import { helsinkiDay } from "../codes/days.js";
import { CodeRefused, parse } from "../codes/token.js";
import { verify } from "../codes/verify.js";

const COMMUNITY = 2;
const MOST_TYPED = 15; // children that a code may hold; what a number's card holds is not known here

/** Whose scan this is: its credential, its number, or the text itself where it is no code of ours. */
export function ownerOf({ code, number }) {
  if (number) return `number ${number}`;
  try {
    return parse(code).credential.join(".");
  } catch {
    return code;
  }
}

/** What a card has one ticket for: an event, or without one this day. */
export const slotOf = ({ kind, event }, at) => `${kind}:${event ?? helsinkiDay(at)}`;

/**
 * @param {object} scan as it is sent, with its `code` or `number`
 * @param {object} known
 * @param {import("../codes/list.js").GateList|null} known.list
 * @param {string} known.deployment
 * @param {string[]} known.offers of the venue
 * @param {number} [known.minors] the age under which its area's clients come with a community card
 * @param {number} known.at ms, the register's time as far as it is known; NaN where it is not
 * @param {object[]} known.seen what this phone recorded: scan_id, owner, slot, at, children, assistants
 * @param {Set<string>} known.waiting scan ids that are still on this phone
 * @returns {Promise<object>} an answer
 */
export async function judgeOffline(scan, { list, deployment, offers, minors, at, seen, waiting }) {
  const told = { scan_id: scan.scan_id, recorded: false, notes: [], offline: true };
  const red = (reason) => ({ ...told, verdict: "red", reason, facts: {} });

  let code = null;
  let unsure = null; // why it can't be checked here
  if (scan.number) unsure = "number";
  else {
    try {
      code = parse(scan.code);
      if (!list) unsure = "no_list";
      else if (!Number.isFinite(at)) unsure = "clock";
      else await verify(scan.code, { keys: list.keys, deployment, at });
    } catch (refused) {
      if (!(refused instanceof CodeRefused)) throw refused;
      // A key that is newer than the list: honest cards have it first.
      if (refused.reason !== "unknown_key") return red(refused.reason);
      unsure = "unknown_key";
    }
  }
  if (code && list && isWithdrawn(list, code.credential)) return red("withdrawn");
  const age = list && Number.isFinite(at) ? ageOf(list, at) : null;
  if (age === "stale") unsure ??= "list_stale";

  const own = ownerOf(scan);
  const slot = slotOf(scan, Number.isFinite(at) ? at : Date.parse(scan.scanned_at));
  const before = scan.another ? null : seen.filter((one) => one.owner === own && one.slot === slot).at(-1);
  if (before) {
    const facts = {
      used_at: before.at,
      children: before.children,
      assistants: before.assistants,
      saved: waiting.has(before.scan_id) ? before.scan_id : null,
      use_id: before.use_id ?? null,
    };
    return { ...told, verdict: "neutral", reason: "already_recorded", facts };
  }

  const community = code?.kind === COMMUNITY;
  if (community && scan.kind !== "ticket") return red("community_ticket_only");
  const allowed = code ? code.children : MOST_TYPED;
  const children = scan.kind !== "ticket" ? 0 : community ? code.partyChildren : Math.min(code?.partyChildren ?? 0, allowed);
  const facts = {
    kind: !code ? null : community ? "community" : "personal",
    birth_year: code?.birthYear || null,
    children,
    assistants: code?.partyAssistants ?? 0,
    children_allowed: allowed,
    turning_18: 0,
    ...(community ? { community_age: minors } : {}),
  };
  if (unsure) return { ...told, verdict: "neutral", reason: "not_checked", facts: { ...facts, unsure } };
  const notes = [
    ...(age === "amber" ? ["list_old"] : []),
    ...(code.type === "C2" ? ["compare"] : []),
    ...(offers.includes(scan.kind) ? [] : ["not_offered"]),
  ];
  return { ...told, verdict: notes.length ? "amber" : "green", reason: null, notes, facts };
}
