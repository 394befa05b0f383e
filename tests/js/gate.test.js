// The gate's flow and its exchange with the register. If these fail, one visitor is asked for twice, a record is lost
// with a connection, or staff look at a wheel that never ends.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createExchange } from "../../static/js/gate/exchange.js";
import { createFlow, notesFor } from "../../static/js/gate/flow.js";
import { createMemory } from "../../static/js/gate/memory.js";
import { ownerOf } from "../../static/js/gate/offline.js";
import { createQueue } from "../../static/js/gate/queue.js";
import { kindOf, limitsOf } from "../../static/js/gate/sheet.js";
import { inFours, numberOf } from "../../static/js/gate/typing.js";
import { createWords } from "../../static/js/gate/words.js";

// Exchange

const exchange = (respond) => createExchange({ csrf: () => "token", fetch: respond, patience: 30 });
const response = (status, text) => async () => new Response(status === 204 ? null : text, { status });

for (const [what, respond, failure] of [
  ["no network", async () => Promise.reject(new TypeError("failed")), "no_connection"],
  ["a server error", response(500, '{"error":"broken"}'), "broken"],
  ["a server error in HTML", response(502, "<html>"), "broken"],
  ["HTML in place of JSON", response(200, "<!doctype html>"), "unexpected"],
  ["an empty answer", response(204, ""), "unexpected"],
  ["half an answer", response(200, '{"answer":'), "unexpected"],
  ["a number", response(200, "7"), "unexpected"],
  ["null", response(200, "null"), "unexpected"],
  ["a sign-in that ended", response(401, '{"error":"signed_out"}'), "signed_out"],
  ["a sign-in that ended, in HTML", response(401, "<html>"), "signed_out"],
  ["too many", response(429, "slow down"), "too_many"],
  ["a page that is too old", response(400, '{"error":"page_too_old"}'), "page_too_old"],
]) {
  test(`${what} is ${failure}`, async () => {
    assert.deepEqual(await exchange(respond)("/x", {}), { ok: false, failure });
  });
}

test("no answer at all ends after the patience, also in the middle of the body", async () => {
  const never = (_, { signal }) =>
    new Promise((_, fail) => signal.addEventListener("abort", () => fail(new DOMException("", "AbortError"))));
  assert.equal((await exchange(never)("/x", {})).failure, "timeout");
  const halfway = async (_, { signal }) =>
    new Response(new ReadableStream({ start: (out) => signal.addEventListener("abort", () => out.error(signal.reason)) }));
  assert.equal((await exchange(halfway)("/x", {})).failure, "timeout");
});

test("a request says when it was sent, carries the page's token and asks for JSON", async () => {
  let asked;
  await exchange(async (path, request) => ((asked = { path, ...request }), new Response("{}")))("/gate/check", { a: 1 });
  assert.equal(asked.headers["X-CSRFToken"], "token");
  assert.equal(asked.headers.Accept, "application/json");
  const { sent_at, a } = JSON.parse(asked.body);
  assert.match(sent_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.equal(a, 1);
});

test("without a body it only asks", async () => {
  let asked;
  await exchange(async (path, request) => ((asked = request), new Response("{}")))("/gate/list");
  assert.equal(asked.method, undefined);
  assert.equal(asked.body, undefined);
});

// Flow

const vectors = readFileSync(new URL("../codes/vectors.json", import.meta.url), "utf8");
const texts = [...new Set(vectors.match(/KP1:[0-9A-Z $%*+\-./:]{120,}/g))];

/** Three different texts of one card. */
function turns() {
  const owners = [...new Set(texts.map((code) => ownerOf({ code })))].map((owner) => texts.filter((text) => ownerOf({ code: text }) === owner));
  return owners.find((own) => own.length > 2);
}
const green = (facts = {}) => ({ verdict: "green", reason: null, recorded: false, notes: [], facts: { kind: "personal", children: 0, assistants: 0, children_allowed: 2, turning_18: 0, ...facts } });
const red = (reason) => ({ verdict: "red", reason, recorded: false, notes: [], facts: {} });

/** A flow with a register that answers what the test says. */
function door({ kind = "ticket", event = null, atOnce = false, store = createMemory() } = {}) {
  const it = { views: [], asked: [], today: [], clock: 0, verdict: () => green(), uses: null, undo: null, sought: 0 };
  let made = 0;
  it.link = { up: true, failure: null, now: () => Date.now() };
  const onToday = (today) => it.today.push(today);
  const paths = { check: "check", uses: "uses", undo: (id) => `undo/${id}` };
  async function send(path, body) {
    it.asked.push({ path, body });
    if (path === "check") return it.failure ? it.failure : { ok: true, data: { answer: await it.verdict(body.record), now: 0 } };
    if (path.startsWith("undo")) return it.undo ?? { ok: true, data: { undone: 7, today: { uses: 0, children: 0 } } };
    if (it.uses) return it.uses(body);
    const answers = body.records.map((one) => ({ ...green({ use_id: 7, children: one.children }), scan_id: one.scan_id, recorded: true }));
    return { ok: true, data: { answers, now: 0, today: { uses: 1, children: 0 } } };
  }
  it.store = store;
  it.queue = createQueue({
    store, send, paths, venue: () => "museo", locks: null, onToday,
    onSettled: (...settled) => it.flow.settled(...settled),
  });
  it.flow = createFlow({
    now: () => it.clock,
    newId: () => `scan-${(made += 1)}`,
    evening: () => ({ event, kind }),
    paths,
    atOnce: () => atOnce,
    queue: it.queue,
    judge: async ({ scan_id }) => ({ ...(await it.verdict({})), scan_id, offline: true }),
    link: it.link,
    stamp: () => ({ venue: "museo", clock_offset: 0, list_number: 1 }),
    seek: () => (it.sought += 1),
    show: (view) => it.views.push(view && { ...view }),
    onToday,
    send,
  });
  it.paths = () => it.asked.map(({ path }) => path);
  it.last = () => it.views.at(-1);
  it.waiting = async () => (await it.queue.state()).waiting.map((one) => one.scan_id);
  it.refused = async () => (await it.queue.state()).refused;
  return it;
}

test("a code is checked, and recorded with who comes along at one tap", async () => {
  const it = door({ event: 4 });
  await it.flow.seen("one");
  assert.equal(it.last().stage, "answered");
  it.flow.party(2, 1);
  await it.flow.record();
  const [record] = it.asked[1].body.records;
  assert.deepEqual([record.scan_id, record.code, record.event, record.children, record.assistants], ["scan-1", "one", 4, 2, 1]);
  assert.equal(it.last().stage, "recorded");
  assert.deepEqual(it.today, [{ uses: 1, children: 0 }]);
});

test("a card held in view is one request, through its turns and after it was recorded", async () => {
  const it = door();
  const [turn, next, third] = turns();
  for (it.clock = 0; it.clock <= 5000; it.clock += 500) await it.flow.seen(turn);
  assert.deepEqual(it.paths(), ["check"]);
  await it.flow.record();
  it.clock += 15_000;
  await it.flow.seen(next);
  it.flow.next();
  it.clock += 15_000;
  await it.flow.seen(third);
  assert.deepEqual(it.paths(), ["check", "uses"]);
  it.clock += 21_000;
  await it.flow.seen(turn);
  assert.deepEqual(it.paths(), ["check", "uses", "check"]);
});

test("another visitor's code takes over at once, and a late answer for the first changes nothing", async () => {
  const it = door();
  let release;
  it.verdict = ({ code }) => {
    if (code === "two") return green({ birth_year: 1986 });
    return new Promise((go) => (release = () => go(green({ birth_year: 1961 }))));
  };
  const first = it.flow.seen("one");
  await it.flow.seen("two");
  release();
  await first;
  assert.equal(it.last().answer.facts.birth_year, 1986);
});

test("after a refusal the same visitor's next code is read at once, and quietly where nothing has changed", async () => {
  const it = door();
  it.verdict = () => red("old_code");
  await it.flow.seen("one");
  await it.flow.seen("one");
  assert.deepEqual(it.paths(), ["check", "check"]);
  assert.equal(it.last().quiet, true);
  it.verdict = () => green();
  await it.flow.seen("one");
  assert.equal(it.last().answer.verdict, "green");
  assert.equal(it.last().quiet, false);
});

test("a course asks for no children, whoever was ticked on the card", async () => {
  const it = door({ kind: "course" });
  await it.flow.seen("one");
  assert.equal(it.asked[0].body.record.children, 0);
});

test("a venue that records at once does so for green, and never for amber", async () => {
  const it = door({ atOnce: true });
  await it.flow.seen("one");
  assert.deepEqual(it.paths(), ["check", "uses"]);
  it.verdict = () => ({ ...green(), verdict: "amber", notes: ["compare"] });
  await it.flow.typed("492100773186");
  assert.deepEqual(it.paths(), ["check", "uses", "check"]);
});

test("a check that the register refuses to make is tried again with the same scan", async () => {
  const it = door();
  it.failure = { ok: false, failure: "signed_out" };
  await it.flow.seen("one");
  assert.deepEqual([it.last().stage, it.last().act, it.last().failure], ["failed", "check", "signed_out"]);
  it.failure = null;
  await it.flow.again();
  assert.equal(it.asked[1].body.record.scan_id, "scan-1");
  assert.equal(it.last().stage, "answered");
});

for (const failure of ["no_connection", "timeout", "unexpected", "broken", "too_many"]) {
  test(`a check that comes back as ${failure} is this phone's own, and says so`, async () => {
    const it = door();
    it.failure = { ok: false, failure };
    await it.flow.seen("one");
    assert.deepEqual([it.last().stage, it.last().answer.offline], ["answered", true]);
  });
}

test("without a connection nobody waits: checked here, saved here, and the register is looked for meanwhile", async () => {
  const it = door();
  Object.assign(it.link, { up: false, failure: "timeout" });
  await it.flow.seen("one");
  await it.flow.record();
  assert.deepEqual(it.paths(), []);
  assert.deepEqual([it.last().stage, it.last().failure], ["saved", "timeout"]);
  assert.deepEqual(await it.waiting(), ["scan-1"]);
  assert.equal(it.sought, 2);
  await it.flow.seen("one");
  assert.equal(it.last().stage, "saved", "the same visitor, still in view");
  const [kept] = await it.store.queue.all();
  assert.deepEqual([kept.code, kept.venue, kept.list_number, kept.seen], ["one", "museo", 1, { verdict: "green", reason: null, offline: true }]);
});

test("what was saved and is on show tells when the register has it", async () => {
  const it = door();
  it.link.up = false;
  await it.flow.seen("one");
  await it.flow.record();
  it.link.up = true;
  await it.queue.flush();
  assert.equal(it.last().stage, "recorded");
  assert.deepEqual(await it.waiting(), []);
});

test("what was saved, is on show and is refused is shown as refused", async () => {
  const it = door();
  it.link.up = false;
  await it.flow.seen("one");
  await it.flow.record();
  it.uses = async ({ records }) => ({ ok: true, data: { answers: records.map(({ scan_id }) => ({ ...red("blocked"), scan_id })), now: 0 } });
  await it.queue.flush();
  assert.deepEqual([it.last().stage, it.last().answer.reason], ["refused", "blocked"]);
});

test("undo without a connection takes the record off this phone", async () => {
  const it = door();
  it.link.up = false;
  await it.flow.seen("one");
  await it.flow.record();
  await it.flow.undo();
  assert.equal(it.last().stage, "undone");
  assert.deepEqual(await it.store.queue.all(), []);
  assert.deepEqual(await it.store.seen.all(), []);
});

test("what can't be checked may be recorded, and is never recorded at once", async () => {
  const it = door({ atOnce: true });
  it.link.up = false;
  it.verdict = () => ({ ...red("not_checked"), verdict: "neutral" });
  await it.flow.typed("492100773186");
  assert.equal(it.last().stage, "answered");
  await it.flow.record();
  assert.deepEqual([it.last().stage, kindOf(it.last())], ["saved", "neutral"]);
});

test("a record without an answer is kept, through the next visitor and a reload, and sent with the same scan id", async () => {
  const it = door();
  it.uses = async () => ({ ok: false, failure: "no_connection" });
  await it.flow.seen("one");
  await it.flow.record();
  assert.deepEqual([it.last().stage, it.last().failure], ["saved", "no_connection"]);
  await it.flow.seen("two");
  assert.deepEqual(await it.waiting(), ["scan-1"]);

  const reloaded = door({ store: it.store });
  await reloaded.queue.flush();
  assert.equal(reloaded.asked[0].body.records[0].scan_id, "scan-1");
  assert.deepEqual(await it.store.queue.all(), []);
});

test("a refusal that staff look at is not kept; one that comes when they look elsewhere is", async () => {
  const it = door();
  it.uses = async ({ records }) => ({ ok: true, data: { answers: records.map(({ scan_id }) => ({ ...red("blocked"), scan_id })), now: 0 } });
  await it.flow.seen("one");
  await it.flow.record();
  assert.equal(it.last().answer.reason, "blocked");
  assert.deepEqual(await it.store.queue.all(), []);

  let release;
  const answer = it.uses;
  it.uses = (body) => new Promise((go) => (release = () => go(answer(body))));
  await it.flow.seen("two");
  const recording = it.flow.record();
  it.flow.next();
  while (!release) await new Promise(setImmediate);
  release();
  await recording;
  const [kept] = await it.refused();
  assert.equal(kept.answer.reason, "blocked");
  it.flow.showRefused(kept);
  assert.deepEqual([it.last().stage, it.last().answer.reason], ["refused", "blocked"]);
});

test("an answer that lacks the record leaves it kept", async () => {
  const it = door();
  it.uses = async () => ({ ok: true, data: { answers: [null, {}] } });
  await it.flow.seen("one");
  await it.flow.record();
  assert.deepEqual([it.last().stage, it.last().failure], ["saved", "unexpected"]);
  assert.deepEqual(await it.waiting(), ["scan-1"]);
});

test("a phone that can keep no more says so, and the record can be tried again", async () => {
  const it = door();
  const { put } = it.store.queue;
  it.store.queue.put = async () => Promise.reject(new DOMException("", "QuotaExceededError"));
  await it.flow.seen("one");
  await it.flow.record();
  assert.deepEqual([it.last().stage, it.last().failure], ["failed", "not_kept"]);
  it.store.queue.put = put;
  await it.flow.again();
  assert.equal(it.last().stage, "recorded");
});

test("an undo that failed can be tried again; one that the register refuses says why", async () => {
  const it = door();
  await it.flow.seen("one");
  await it.flow.record();
  it.undo = { ok: false, failure: "timeout" };
  await it.flow.undo();
  assert.deepEqual([it.last().stage, it.last().act, it.last().failure], ["failed", "undo", "timeout"]);
  it.undo = null;
  await it.flow.again();
  assert.equal(it.last().stage, "undone");
  await it.flow.seen("one");
  assert.equal(it.last().stage, "answered", "the same visitor may be recorded again at once");
});

test("another ticket is a scan of its own, and is checked first", async () => {
  const it = door();
  it.verdict = () => ({ ...red("already_recorded"), verdict: "neutral" });
  await it.flow.seen("one");
  await it.flow.another();
  const { record } = it.asked[1].body;
  assert.deepEqual([it.asked[1].path, record.another, record.scan_id, record.code], ["check", true, "scan-2", "one"]);
});

test("what depends on the children is judged anew when they change", () => {
  const family = { ...green({ children_allowed: 3, turning_18: 1 }) };
  assert.deepEqual(notesFor(family, 2), []);
  assert.deepEqual(notesFor(family, 3), ["child_turning_18"]);
  const community = { ...green({ kind: "community" }), verdict: "amber", notes: ["compare", "community_alone"] };
  assert.deepEqual(notesFor(community, 0), ["compare", "community_alone"]);
  assert.deepEqual(notesFor(community, 4), ["compare"]);
  assert.deepEqual(notesFor(community, 6), ["compare", "large_group"]);
  assert.equal(kindOf({ stage: "answered", answer: family, notes: notesFor(family, 3) }), "warn");
});

test("the turns of one card have one owner; a foreign text is its own", () => {
  assert.equal(ownerOf({ code: "https://example.org" }), "https://example.org");
  assert.equal(new Set(turns().map((code) => ownerOf({ code }))).size, 1);
  assert.equal(new Set(turns()).size, turns().length);
});

// Typing and words

test("a number is typed as people type it", () => {
  assert.equal(numberOf(" 4921-0077 3186 "), "492100773186");
  assert.equal(numberOf("４９２１ 0077.3186"), "492100773186");
  assert.equal(numberOf("kk-0042"), "kk0042");
  for (const none of ["", "12", "4921 0077 318ä", "1".repeat(25)]) assert.equal(numberOf(none), null);
  assert.equal(inFours("492100773"), "4921 0077 3");
  assert.equal(inFours("KK 0042"), "KK 0042");
});

test("times and days are the reader's, in Finland whatever the phone's zone", () => {
  const page = { content: { textContent: "\na:  at {time}, {gone} \n\na.next: then: more\n" } };
  const [fi, en] = ["fi", "en"].map((language) => createWords(page, language));
  assert.equal(fi.clock("2026-11-25T07:02:00+00:00"), "9.02");
  assert.equal(en.clock("2026-07-25T06:02:00+00:00"), "09:02");
  assert.equal(fi.day("2026-12-05"), "5.12.2026");
  assert.equal(en.day("2026-12-05"), "5 Dec 2026");
  assert.equal(fi.say("a", { time: "<b>" }), "at <b>, ");
  assert.equal(fi.say("a.next"), "then: more");
  assert.equal(fi.say("b"), undefined);
});

test("an amount is the reader's, without needless cents", () => {
  const page = { content: { textContent: "" } };
  const [fi, en] = ["fi", "en"].map((language) => createWords(page, language));
  assert.deepEqual([4000, 1250, 0].map(fi.euros), ["40\u00a0€", "12,50\u00a0€", "0\u00a0€"]);
  assert.deepEqual([4000, 1250].map(en.euros), ["€40", "€12.50"]);
});

for (const [what, facts, said] of [
  ["nothing to say of a ticket", {}, []],
  ["a fee within the cap", { courses_left: null, fee_cents: 2000, fee_cap_cents: 2500 }, ["limit.fee_covered 2000"]],
  ["a fee without a cap", { fee_cents: 2000, fee_cap_cents: null }, ["limit.fee_covered 2000"]],
  ["a fee that is shared", { fee_cents: 4000, fee_cap_cents: 2500 }, ["limit.fee_shared 4000 2500 1500"]],
  ["a cap without a fee", { fee_cents: null, fee_cap_cents: 2500 }, ["limit.fee_cap 2500"]],
  ["courses that are left", { courses_left: 2, fee_cents: null, fee_cap_cents: null }, ["courses_left 2"]],
  ["no course left: its note says so", { courses_left: 0, fee_cents: null, fee_cap_cents: null }, []],
  ["a season right", { until: "2026-12-31" }, ["limit.until 2026-12-31"]],
]) {
  test(`what the area gives: ${what}`, () => {
    const words = {
      say: (id, slots) => [id, ...Object.values(slots)].join(" "),
      count: (id, num) => `${id} ${num}`,
      euros: String,
      day: String,
    };
    assert.deepEqual(limitsOf(facts, words), said);
  });
}
