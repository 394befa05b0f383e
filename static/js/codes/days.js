/**
 * Days and steps: a day is a day in Europe/Helsinki counted from 2020-01-01, a step is 15 seconds counted from the
 * Unix epoch. The twin of wallet/codes/days.py.
 */

export const STEP_MS = 15_000;
const DAY_MS = 86_400_000;
const DAY_ZERO = Date.UTC(2020, 0, 1) / DAY_MS;

// Gregorian years and Latin digits whatever the phone's language is.
const HELSINKI = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
  timeZone: "Europe/Helsinki",
  year: "numeric",
  month: "numeric",
  day: "numeric",
});

/** The step that a moment (ms since the epoch) lies in. @param {number} ms @returns {number} */
export function stepAt(ms) {
  return Math.floor(ms / STEP_MS);
}

/** The number of the day it is in Helsinki at a moment. @param {number} ms @returns {number} */
export function helsinkiDay(ms) {
  const part = Object.fromEntries(HELSINKI.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day) / DAY_MS - DAY_ZERO;
}
