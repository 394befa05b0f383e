// What a gate's phone says by itself. If these fail, a forged or closed card is welcomed where there is no connection,
// an honest one is called a forgery, a thief's older list is taken, or a card is recorded twice on one phone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compressedPoint } from "../../static/js/codes/phoneKey.js";
import { message } from "../../static/js/codes/mint.js";
import { parse } from "../../static/js/codes/token.js";
import { keyMap } from "../../static/js/codes/verify.js";
import { createGateList } from "../../static/js/gate/gate_list.js";
import { createLink } from "../../static/js/gate/link.js";
import { createMemory } from "../../static/js/gate/memory.js";
import { judgeOffline, ownerOf, slotOf } from "../../static/js/gate/offline.js";
import { kindOf } from "../../static/js/gate/sheet.js";

const vectors = JSON.parse(readFileSync(new URL("../codes/vectors.json", import.meta.url), "utf8"));
const named = (name) => vectors.codes.find((row) => row.name === name);
const AT = Date.parse("2026-05-04T09:00:05Z");
const HOUR = 3_600_000;
const list = { number: 3, issued: AT - HOUR, keys: keyMap(vectors.keys), withdrawn: new Uint8Array() };
const scan = (code, more = {}) => ({ scan_id: "scan", code, kind: "ticket", event: 4, scanned_at: new Date(AT).toISOString(), ...more });
const known = { list, deployment: vectors.deployment, offers: ["ticket"], at: AT, seen: [], waiting: new Set() };
const judge = (what, more = {}) => judgeOffline(what, { ...known, ...more });

test("every code of the vectors is refused for the same reason as with a connection, and none is welcomed that is not good", async () => {
  let tried = 0;
  const wide = ({ window: [early, late] }) => early < -60 || late > 120; // wider than a gate's own window
  for (const row of vectors.codes.filter((one) => !["old_code", "early_code"].includes(one.reason) && !wide(one))) {
    const answer = await judge(scan(row.text), { at: Date.parse(row.at), deployment: row.deployment, list: { ...list, issued: Date.parse(row.at) } });
    // A key that is newer than the list is no forgery: it is said that nothing was checked.
    const expected = row.reason === "unknown_key" ? "not_checked" : row.reason;
    assert.equal(answer.reason, expected, row.name);
    assert.equal(["green", "amber"].includes(answer.verdict), row.reason === null, row.name);
    assert.ok(answer.offline);
    tried += 1;
  }
  assert.ok(tried > 60);
});

test("a code holds for two minutes here, by the clock put right, and a wrong clock is no forgery", async () => {
  const { text } = named("C1");
  const start = parse(text).step * 15_000;
  for (const [at, reason] of [[-61, "early_code"], [-60, null], [120, null], [121, "old_code"]]) {
    assert.equal((await judge(scan(text), { at: start + at * 1000 })).reason, reason, String(at));
  }
  const lost = await judge(scan(text), { at: NaN });
  assert.deepEqual([lost.verdict, lost.reason, lost.facts.unsure], ["neutral", "not_checked", "clock"]);
});

test("a fresh list is green, one of over a day amber, one of over seven days or none is never green", async () => {
  const { text } = named("C1");
  const aged = (hours) => judge(scan(text), { list: { ...list, issued: AT - hours * HOUR } });
  assert.equal((await aged(24)).verdict, "green");
  assert.deepEqual([(await aged(25)).verdict, (await aged(25)).notes], ["amber", ["list_old"]]);
  assert.equal((await aged(7 * 24)).verdict, "amber");
  for (const answer of [await aged(7 * 24 + 1), await judge(scan(text), { list: null })]) {
    assert.deepEqual([answer.verdict, answer.reason], ["neutral", "not_checked"]);
    assert.equal(kindOf({ stage: "answered", answer, notes: [] }), "neutral");
  }
  // What is certainly wrong stays wrong, however old the list.
  const old = { ...list, issued: AT - 30 * 24 * HOUR };
  const forged = vectors.codes.find((row) => row.reason === "forged");
  assert.equal((await judge(scan(forged.text), { at: Date.parse(forged.at), list: old, deployment: forged.deployment })).reason, "forged");
  assert.equal((await judge(scan("https://example.org"), { list: null })).reason, "other_system");
});

test("a credential in the list is withdrawn, also in an old list", async () => {
  const { text } = named("C1");
  const withdrawn = parse(text).credential;
  assert.equal((await judge(scan(text), { list: { ...list, withdrawn } })).reason, "withdrawn");
  assert.equal((await judge(scan(text), { list: { ...list, withdrawn, issued: AT - 9 * 24 * HOUR } })).reason, "withdrawn");
});

test("a typed number is never checked here and may be recorded", async () => {
  const answer = await judge({ scan_id: "scan", number: "492100773186", kind: "ticket", event: null, scanned_at: new Date(AT).toISOString() });
  assert.deepEqual([answer.verdict, answer.reason, answer.facts.unsure], ["neutral", "not_checked", "number"]);
});

test("paper and what the venue does not offer are amber", async () => {
  assert.deepEqual((await judge(scan(named("C2").text))).notes, ["compare"]);
  assert.deepEqual((await judge(scan(named("C1").text), { offers: ["course"] })).notes, ["not_offered"]);
  assert.equal((await judge(scan(named("C1 community").text, { kind: "course" }))).reason, "community_ticket_only");
});

test("children come from the code, and never more than its card has", async () => {
  const row = named("C1 with a challenge and a party");
  const code = parse(row.text);
  const { facts } = await judge(scan(row.text), { at: Date.parse(row.at) });
  const most = code.kind === 2 ? code.partyChildren : Math.min(code.children, code.partyChildren);
  assert.deepEqual([facts.children, facts.assistants], [most, code.partyAssistants]);
  assert.equal((await judge(scan(row.text, { kind: "course" }), { at: Date.parse(row.at), offers: ["course"] })).facts?.children ?? 0, 0);
});

test("the same card for the same event is already recorded; for another event, another day or as one more it is not", async () => {
  const one = scan(named("C1").text);
  const before = { scan_id: "first", owner: ownerOf(one), slot: slotOf(one, AT), at: one.scanned_at, children: 1, assistants: 0 };
  const again = await judge(one, { seen: [before], waiting: new Set(["first"]) });
  assert.deepEqual([again.verdict, again.reason, again.facts.saved], ["neutral", "already_recorded", "first"]);
  assert.equal((await judge(one, { seen: [before] })).facts.saved, null);
  assert.equal((await judge({ ...one, another: true }, { seen: [before] })).verdict, "green");
  assert.equal((await judge({ ...one, event: 5 }, { seen: [before] })).verdict, "green");
  const visit = scan(one.code, { event: null });
  assert.notEqual(slotOf(visit, AT), slotOf(visit, AT + 24 * HOUR));
  assert.equal((await judge(scan(named("C1 community").text), { seen: [before] })).reason, null);
});

// The list

const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
const facts = { pinned: { 9: hex(await compressedPoint(pair.publicKey)) }, deployment: vectors.deployment };

async function signed(number, key = pair.privateKey) {
  const body = Buffer.from(JSON.stringify({ number, issued: new Date(AT).toISOString(), keys: vectors.keys, withdrawn: "" }));
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, message("list", vectors.deployment, body));
  return { kid: 9, body: base64url(body), signature: base64url(new Uint8Array(signature)) };
}

function keeper(store = createMemory()) {
  const it = { store, result: null };
  it.list = createGateList({ store, path: "list", facts: () => facts, send: async () => it.result });
  it.hear = (data) => ((it.result = { ok: true, data }), it.list.refresh());
  return it;
}

test("a list is taken, kept, and read again after a restart", async () => {
  const it = keeper();
  assert.equal(await it.hear(await signed(5)), null);
  const later = keeper(it.store);
  await later.list.recall();
  assert.equal(later.list.current.number, 5);
});

test("an older list, a forged one and anything else leave the kept one", async () => {
  const it = keeper();
  await it.hear(await signed(5));
  const thief = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const later = keeper(it.store); // the number outlives the page
  await later.list.recall();
  for (const [data, reason] of [
    [await signed(4), "older"],
    [await signed(6, thief.privateKey), "forged"],
    [{ ...(await signed(6)), kid: 10 }, "unknown_key"],
    [{ ...(await signed(6)), kid: "toString" }, "unknown_key"],
    [{}, "unreadable"],
    [[], "unreadable"],
  ]) {
    assert.equal(await later.hear(data), reason);
    assert.equal(later.list.current.number, 5);
  }
  later.result = { ok: false, failure: "broken" };
  assert.equal(await later.list.refresh(), "broken");
  assert.equal(await later.hear(await signed(5)), null, "the same again is no step back");
  assert.equal(await later.hear(await signed(6)), null);
  assert.equal(later.list.current.number, 6);
});

test("a kept list that was altered on the phone is not used, and its number still counts", async () => {
  const it = keeper();
  await it.hear(await signed(5));
  const { text, number } = await it.store.read("list");
  await it.store.write("list", { text: text.replace(/"body":"../, '"body":"AA'), number });
  const later = keeper(it.store);
  await later.list.recall();
  assert.equal(later.list.current, null);
  assert.equal(await later.hear(await signed(4)), "older");
});

// The link

test("what came back tells whether the register is there, and its time puts the clock right", async () => {
  const store = createMemory();
  let changes = 0;
  const link = createLink({ store, up: true, onChange: () => (changes += 1) });
  link.heard({ ok: false, failure: "timeout" }, 0, 8000);
  assert.deepEqual([link.up, link.failure, changes], [false, "timeout", 1]);
  link.heard({ ok: true, data: { now: 1000_000 + 240_000 } }, 1000_000 - 100, 1000_000 + 100);
  assert.deepEqual([link.up, link.failure, link.offset], [true, null, 240_000]);
  link.heard({ ok: false, failure: "signed_out" }, 0, 1);
  assert.deepEqual([link.up, link.signedOut], [true, true]);
  link.heard({ ok: false, failure: "no_connection" }, 0, 1);
  assert.deepEqual([link.up, link.signedOut], [false, true], "it stays signed out until the register says otherwise");

  const reopened = createLink({ store, up: false, onChange() {} });
  await reopened.recall();
  assert.deepEqual([reopened.offset, reopened.at], [240_000, 1240_000]);
  reopened.heard({ ok: true, data: { now: 5 * HOUR } }, 0, 2);
  assert.ok(Number.isNaN(reopened.now()), "over ten minutes is not guessed");
});
