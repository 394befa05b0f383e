/** What a card may say of itself without a connection: one line, from dates alone. */

import { helsinkiDay } from "../codes/days.js";

const DAY_MS = 86_400_000;
const RENEW_DAYS = 7; // a phone that was connected renews its credential by then
const CARD_ENDS_DAYS = 30;
const CHILD_AGE = 18;
const OWN_CARD_AGE = 16;
const SLOW_MS = 60_000;

const DATE = new Intl.DateTimeFormat("sv-SE-u-ca-gregory-nu-latn", { timeZone: "Europe/Helsinki" });

/** The day it is in Helsinki at a moment, as 2026-11-25. @param {number} ms @returns {string} */
export function helsinkiDate(ms) {
  return DATE.format(ms);
}

/** Whole days from one date to another. @param {string} from @param {string} to as 2026-11-25 */
export function daysBetween(from, to) {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

/** Whether a credential is old enough to be renewed. @param {Uint8Array} credential @param {number} now ms */
export function isDue(credential, now) {
  return helsinkiDay(now) - ((credential[8] << 8) | credential[9]) >= RENEW_DAYS;
}

/**
 * The state of a child ticket for a visit in this year (DOMAIN.md, "What a card gives").
 * @param {number|null} year the birth year @returns {"valid"|"turning_18"|"ended"}
 */
export function childStatus(year, thisYear) {
  if (year == null || thisYear - year < CHILD_AGE) return "valid";
  return thisYear - year === CHILD_AGE ? "turning_18" : "ended";
}

/** Whether a young person can have an own card in this year. */
export function mayHaveCard(year, thisYear) {
  return year != null && thisYear - year >= OWN_CARD_AGE;
}

/**
 * @param {object} record what the phone keeps of the card
 * @param {number} now the phone's clock with its offset, ms
 * @returns {{id: string, code: boolean, left?: number, away?: number, minutes?: number}} the line to say, whether a code
 *   can be shown, days left, days since the last connection, minutes that the clock is off
 */
export function stateOf(record, now) {
  const { page, credentialEnds, connectedAt = 0, offset = 0 } = record;
  const today = helsinkiDate(now);
  const no = (id) => ({ id, code: false });
  if (page.refused === "blocked" || page.refused === "replaced") return no(page.refused);
  if (record.clock === "wrong") return no("clock_wrong");
  // Nobody has been connected in the future.
  if (record.clock === "moved" || now < connectedAt - SLOW_MS) return no("clock_moved");
  if (page.lastDay && today > page.lastDay) return no("ended");
  if (page.firstDay && today < page.firstDay) return no("not_yet");
  if (record.stopped) return no("stopped");
  if (!record.privateKey || !record.credential) return no("no_key");
  if (!credentialEnds || today > credentialEnds) return no("connect_to_renew");
  const left = daysBetween(today, credentialEnds);
  const away = daysBetween(helsinkiDate(connectedAt), today);
  // Connecting lengthens a credential, but never past the card's own end.
  if (credentialEnds !== page.lastDay && (away >= RENEW_DAYS || left < RENEW_DAYS)) {
    return { id: counted("connect", left), code: true, left, away };
  }
  const cardLeft = page.lastDay ? daysBetween(today, page.lastDay) : Infinity;
  if (cardLeft <= CARD_ENDS_DAYS) return { id: counted("ends", cardLeft), code: true, left: cardLeft };
  if (Math.abs(offset) >= SLOW_MS) {
    return { id: offset > 0 ? "clock_slow" : "clock_fast", code: true, minutes: Math.round(Math.abs(offset) / 60_000) };
  }
  return { id: "offline", code: true };
}

/** Languages say 0 and 1 in words of their own. */
function counted(id, days) {
  return `${id}_${["today", "tomorrow"][days] ?? "within"}`;
}
