// What a card says of itself without a connection, and what its clock is worth. If these fail, a holder is told to
// connect when there is no need, or stands at a door with a code that nobody takes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { jumpWatch, offsetOf } from "../../static/js/holder/clock.js";
import { filled } from "../../static/js/holder/say.js";
import { childStatus, daysBetween, helsinkiDate, isDue, mayHaveCard, stateOf } from "../../static/js/holder/state.js";

const at = (text) => Date.parse(text);
const NOON = at("2026-11-25T12:00:00+02:00");
const DAY = 86_400_000;

const PAGE = { firstDay: "2026-06-01", lastDay: "2027-05-31", refused: null, children: [] };
const record = (changed = {}, page = {}) => ({
  page: { ...PAGE, ...page },
  privateKey: {},
  credential: new Uint8Array(113),
  credentialEnds: "2026-12-23", // 28 days after noon
  connectedAt: NOON,
  offset: 0,
  ...changed,
});

// The line of state

for (const [days, expected] of [
  [0, { id: "offline", code: true }],
  [6, { id: "offline", code: true }],
  [7, { id: "connect_within", code: true, left: 21, away: 7 }],
  [21, { id: "connect_within", code: true, left: 7, away: 21 }],
  [22, { id: "connect_within", code: true, left: 6, away: 22 }],
  [27, { id: "connect_tomorrow", code: true, left: 1, away: 27 }],
  [28, { id: "connect_today", code: true, left: 0, away: 28 }],
  [29, { id: "connect_to_renew", code: false }],
  [300, { id: "ended", code: false }],
]) {
  test(`a card that was connected ${days} days ago`, () => {
    assert.deepEqual(stateOf(record(), NOON + days * DAY), expected);
  });
}

test("three weeks without a connection leave the week that the issue's example says", () => {
  const short = record({ credentialEnds: "2026-12-22" });
  assert.deepEqual(stateOf(short, NOON + 21 * DAY), { id: "connect_within", code: true, left: 6, away: 21 });
});

test("a card whose own end is near says so, since connecting would not help", () => {
  const ending = (left) => {
    const last = helsinkiDate(NOON + left * DAY);
    return stateOf(record({ credentialEnds: last }, { lastDay: last }), NOON);
  };
  assert.deepEqual(ending(20), { id: "ends_within", code: true, left: 20 });
  assert.deepEqual(ending(1), { id: "ends_tomorrow", code: true, left: 1 });
  assert.deepEqual(ending(0), { id: "ends_today", code: true, left: 0 });
  assert.deepEqual(ending(-1), { id: "ended", code: false });
});

test("the credential's last day is whole, in Helsinki", () => {
  assert.equal(stateOf(record(), at("2026-12-23T23:59:59+02:00")).code, true);
  assert.equal(stateOf(record(), at("2026-12-24T00:00:00+02:00")).id, "connect_to_renew");
  const summer = record({ credentialEnds: "2027-03-28", connectedAt: at("2027-03-27T12:00:00+02:00") });
  assert.equal(stateOf(summer, at("2027-03-28T23:59:59+03:00")).code, true);
  assert.equal(stateOf(summer, at("2027-03-29T00:00:00+03:00")).id, "connect_to_renew");
});

for (const [id, changed, page] of [
  ["blocked", {}, { refused: "blocked" }],
  ["replaced", {}, { refused: "replaced" }],
  ["clock_wrong", { clock: "wrong" }],
  ["clock_moved", { clock: "moved" }],
  ["clock_moved", { connectedAt: NOON + 61_000 }],
  ["not_yet", {}, { firstDay: "2026-11-26" }],
  ["stopped", { stopped: true, privateKey: undefined }],
  ["no_key", { privateKey: undefined }],
  ["no_key", { credential: undefined }],
  ["connect_to_renew", { credentialEnds: undefined }],
]) {
  test(`no code is shown: ${id} ${JSON.stringify({ ...changed, ...page })}`, () => {
    assert.deepEqual(stateOf(record(changed, page), NOON), { id, code: false });
  });
}

test("a clock that is off is said, and the code goes on", () => {
  assert.deepEqual(stateOf(record({ offset: 240_000 }), NOON), { id: "clock_slow", code: true, minutes: 4 });
  assert.deepEqual(stateOf(record({ offset: -90_000 }), NOON), { id: "clock_fast", code: true, minutes: 2 });
  assert.equal(stateOf(record({ offset: 59_999 }), NOON).id, "offline");
});

test("a record of an earlier release, without the card's days, still shows its code", () => {
  const old = record({}, { firstDay: undefined, lastDay: undefined });
  assert.equal(stateOf(old, NOON).id, "offline");
});

// The clock

test("the offset of a request: ignored, applied, or too much to guess", () => {
  for (const [off, kept] of [
    [0, 0], [3_000, 0], [-3_000, 0], [3_001, 3_001], [-25_000, -25_000], [90_000, 90_000],
    [600_000, 600_000], [-600_000, -600_000], [600_001, NaN], [3_600_000, NaN],
  ]) assert.equal(offsetOf(NOON - 100, NOON + 100, NOON + off), kept, `${off}`);
});

test("a clock that was put back is noticed; sleep is no clock that was put forward", () => {
  let [wall, steady] = [NOON, 1000];
  const pass = (ms, of = ms) => ([wall, steady] = [wall + ms, steady + of]);
  const jumped = jumpWatch(() => wall, () => steady);
  pass(15_000);
  assert.equal(jumped(false), false);
  pass(600_000, 2_000);
  assert.equal(jumped(true), false, "the phone slept in a pocket");
  pass(15_000);
  assert.equal(jumped(false), false, "and that is not remembered against it");
  pass(3_615_000, 15_000);
  assert.equal(jumped(false), true, "put forward before the holder's eyes");
  pass(-3_585_000, 15_000);
  assert.equal(jumped(true), true, "put back, seen or not");
  pass(15_000, 12_100);
  assert.equal(jumped(false), false, "clocks differ a little");
});

// Days, children

test("a day is a day in Helsinki, on both changes of summer time too", () => {
  assert.equal(helsinkiDate(at("2026-11-25T21:59:59Z")), "2026-11-25");
  assert.equal(helsinkiDate(at("2026-11-25T22:00:00Z")), "2026-11-26");
  assert.equal(helsinkiDate(at("2026-06-30T20:59:59Z")), "2026-06-30");
  assert.equal(helsinkiDate(at("2026-06-30T21:00:00Z")), "2026-07-01");
  assert.equal(daysBetween("2027-03-27", "2027-03-29"), 2);
  assert.equal(daysBetween("2026-10-24", "2026-10-26"), 2);
  assert.equal(daysBetween("2026-12-31", "2027-01-01"), 1);
});

test("a child ticket's state, and when the young person can have an own card (DOMAIN.md)", () => {
  assert.deepEqual([2009, 2008, 2007].map((year) => childStatus(year, 2026)), ["valid", "turning_18", "ended"]);
  assert.equal(childStatus(null, 2026), "valid");
  assert.deepEqual([2011, 2010].map((year) => mayHaveCard(year, 2026)), [false, true]);
  assert.equal(mayHaveCard(null, 2026), false);
});

test("a credential is renewed from its seventh day on", () => {
  const credential = new Uint8Array(113);
  new DataView(credential.buffer).setUint16(8, daysBetween("2020-01-01", "2026-11-25"));
  assert.equal(isDue(credential, at("2026-12-01T23:59:59+02:00")), false);
  assert.equal(isDue(credential, at("2026-12-02T00:00:00+02:00")), true);
});

test("slots are filled; one that nobody fills stays as it is", () => {
  assert.equal(filled("{ago}: {days} {days} {unknown}", { ago: "eilen", days: 0 }), "eilen: 0 0 {unknown}");
});
