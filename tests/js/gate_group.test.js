// A community card's group at the gate. If these fail, a member is counted twice or not at all, a refused one goes in
// unseen, or half a group is lost with a connection.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFlow, notesFor } from "../../static/js/gate/flow.js";
import { asMember, groupNotes, memberLine, MOST_MEMBERS, notAdded, toneOf, withoutRefused } from "../../static/js/gate/group.js";
import { createMemory } from "../../static/js/gate/memory.js";
import { createQueue } from "../../static/js/gate/queue.js";
import { partyOf } from "../../static/js/gate/sheet.js";

const facts = { children: 0, assistants: 0, children_allowed: 0, turning_18: 0 };
const community = { verdict: "amber", reason: null, notes: ["community_alone"], facts: { ...facts, kind: "community", community_age: 18 } };
const client = { verdict: "green", reason: null, notes: [], facts: { ...facts, kind: "personal", birth_year: 1980 } };
const lost = { verdict: "red", reason: "blocked", notes: [], facts: {} };

/** A flow with a register that knows a community card "group", clients, and a card that is "lost". */
function door() {
  const it = { views: [], posts: [], checks: [], clock: 0, uses: null, undo: [] };
  let made = 0;
  it.store = createMemory();
  it.link = { up: true, failure: null, now: () => Date.now() };
  const verdict = ({ code, number }) => (code?.startsWith("group") ? community : code === "lost" || number === "lost" ? lost : client);
  async function send(path, body) {
    if (path === "check") {
      it.checks.push(body.record);
      return it.failure ?? { ok: true, data: { answer: { ...verdict(body.record), scan_id: body.record.scan_id, recorded: false }, now: 0 } };
    }
    if (path.startsWith("undo")) return it.undo.push(path), { ok: true, data: { undone: 7, today: { uses: 0, children: 0 } } };
    it.posts.push(body.records);
    if (it.uses) return it.uses(body);
    const answers = body.records.map((one) => ({
      ...community, scan_id: one.scan_id, recorded: true, notes: [],
      facts: { ...community.facts, children: one.children, use_id: 7, parts: (one.members ?? []).map(({ scan_id }, n) => ({ scan_id, recorded: true, use_id: 8 + n })) },
    }));
    return { ok: true, data: { answers, now: 0, today: { uses: 1, children: 0 } } };
  }
  it.queue = createQueue({
    store: it.store, send, paths: { uses: "uses", undo: (id) => `undo/${id}` }, venue: () => "museo", locks: null,
    onSettled: (...settled) => it.flow.settled(...settled),
  });
  it.flow = createFlow({
    now: () => it.clock,
    newId: () => `scan-${(made += 1)}`,
    evening: () => ({ event: 4, kind: "ticket" }),
    paths: { check: "check", undo: (id) => `undo/${id}` },
    atOnce: () => it.atOnce ?? false,
    queue: it.queue,
    judge: async (scan) => ({ ...verdict(scan), scan_id: scan.scan_id, offline: true }),
    link: it.link,
    stamp: () => ({ venue: "museo" }),
    show: (view) => it.views.push(view && { ...view }),
    onToday: () => {},
    send,
  });
  it.last = () => it.views.at(-1);
  return it;
}

test("members are checked one after another and recorded with one tap", async () => {
  const it = door();
  await it.flow.seen("group");
  it.flow.gather();
  await it.flow.seen("one");
  await it.flow.seen("two");
  await it.flow.typed("492100773186");
  it.flow.party(2, 0);
  assert.deepEqual([it.last().members.length, it.last().notes], [3, []]);
  assert.deepEqual(it.posts, [], "nothing is recorded before");
  assert.ok(it.checks.slice(1).every((one) => one.children === 0 && one.event === 4));
  await it.flow.record();
  const [[record]] = it.posts;
  assert.deepEqual([record.code, record.children], ["group", 2]);
  assert.deepEqual(record.members.map(({ code, number }) => code ?? number), ["one", "two", "492100773186"]);
  assert.deepEqual(record.members.map((one) => Object.keys(one).length), [3, 3, 3], "a name, a code or number, a time");
  assert.equal(record.let_in, undefined, "staff wait for the answer");
  assert.equal(it.last().stage, "recorded");
  assert.deepEqual((await it.store.seen.all()).map((one) => one.use_id), [7, 8, 9, 10]);
});

test("a visit without members is recorded as ever", async () => {
  const it = door();
  await it.flow.seen("group");
  it.flow.party(3, 0);
  await it.flow.record();
  assert.equal("members" in it.posts[0][0], false);
});

test("a refused member is told and does not come along; a repeated one counts once", async () => {
  const it = door();
  await it.flow.seen("group");
  it.flow.gather();
  await it.flow.seen("lost");
  assert.deepEqual([it.last().told.reason, it.last().members.length, it.last().heard], ["blocked", 0, true]);
  await it.flow.seen("one");
  assert.deepEqual([it.last().told.reason, it.last().told.num], [null, 1]);
  await it.flow.seen("group two");
  assert.equal(it.last().told.reason, "group_one_community");
  await it.flow.seen("one");
  assert.equal(it.last().told.reason, "already_in_group");
  assert.equal(it.last().members.length, 1);
});

test("a card that is held in view is asked for once, the group's own too", async () => {
  const it = door();
  await it.flow.seen("group");
  it.flow.gather();
  await it.flow.seen("group");
  for (it.clock = 0; it.clock < 15_000; it.clock += 500) await it.flow.seen("one");
  assert.equal(it.checks.length, 2);
  assert.equal(it.last().members.length, 1);
});

test("the last one is taken out, and may come again at once", async () => {
  const it = door();
  await it.flow.seen("group");
  it.flow.gather();
  await it.flow.seen("one");
  it.flow.dropMember();
  assert.deepEqual([it.last().members, it.last().notes], [[], ["community_alone"]]);
  await it.flow.seen("one");
  assert.equal(it.last().members.length, 1);
});

test("whom the register refuses is taken out, and the others are recorded under a new name", async () => {
  const it = door();
  await it.flow.seen("group");
  it.flow.gather();
  await it.flow.seen("one");
  await it.flow.seen("two");
  it.uses = ({ records: [record] }) => {
    const parts = record.members.map(({ scan_id }, n) => ({ scan_id, recorded: false, reason: n ? "blocked" : null }));
    const answer = { scan_id: record.scan_id, verdict: "red", reason: "group_part_refused", recorded: false, notes: [], facts: { parts } };
    return { ok: true, data: { answers: [answer], now: 0 } };
  };
  await it.flow.record();
  assert.deepEqual([it.last().stage, it.last().members.length, it.last().told.reason], ["answered", 1, "blocked"]);
  assert.deepEqual([await it.store.queue.all(), await it.store.seen.all()], [[], []]);
  it.uses = null;
  await it.flow.record();
  const [[first], [second]] = it.posts;
  assert.notEqual(first.scan_id, second.scan_id);
  assert.deepEqual(second.members.map((one) => one.code), ["one"]);
  assert.equal(it.last().stage, "recorded");
});

test("without a connection the group is one record here, and goes as one that was let in", async () => {
  const it = door();
  Object.assign(it.link, { up: false, failure: "no_connection" });
  await it.flow.seen("group");
  it.flow.gather();
  await it.flow.seen("one");
  await it.flow.seen("two");
  await it.flow.record();
  assert.equal(it.last().stage, "saved");
  const kept = await it.store.queue.all();
  assert.deepEqual(kept.map((one) => one.members.length), [2]);
  assert.deepEqual((await it.store.seen.all()).map((one) => one.owner), ["group", "one", "two"]);
  await it.queue.flush();
  assert.deepEqual([it.posts[0][0].let_in, it.posts[0][0].members.length], [true, 2]);
  assert.deepEqual(await it.store.queue.all(), []);
  assert.equal(it.last().stage, "recorded");
});

test("a group that was saved is taken back with all of it", async () => {
  const it = door();
  it.link.up = false;
  await it.flow.seen("group");
  it.flow.gather();
  await it.flow.seen("one");
  await it.flow.record();
  await it.flow.undo();
  assert.deepEqual([it.last().stage, await it.store.queue.all(), await it.store.seen.all()], ["undone", [], []]);
});

test("a group that was recorded is undone with all of it, and its cards may come again", async () => {
  const it = door();
  await it.flow.seen("group");
  it.flow.gather();
  await it.flow.seen("one");
  await it.flow.record();
  await it.flow.undo();
  assert.deepEqual(it.undo, ["undo/7"]);
  assert.deepEqual([it.last().stage, await it.store.seen.all()], ["undone", []]);
});

test("a group that comes later and is refused is not remembered", async () => {
  const it = door();
  it.link.up = false;
  await it.flow.seen("group");
  it.flow.gather();
  await it.flow.seen("one");
  await it.flow.record();
  it.flow.next();
  it.uses = ({ records: [{ scan_id }] }) => ({ ok: true, data: { answers: [{ scan_id, verdict: "red", reason: "card_expired", recorded: false }], now: 0 } });
  await it.queue.flush();
  const { refused } = await it.queue.state();
  assert.deepEqual([refused.length, await it.store.seen.all()], [1, []]);
  it.flow.showRefused(refused[0]);
  assert.equal(it.last().members.length, 1);
});

test("a sign-in that ended while a group gathers is told, and the group stays", async () => {
  const it = door();
  await it.flow.seen("group");
  it.flow.gather();
  await it.flow.seen("one");
  it.failure = { ok: false, failure: "signed_out" };
  await it.flow.seen("two");
  assert.deepEqual([it.last().stage, it.last().told.reason, it.last().members.length], ["answered", "signed_out", 1]);
});

test("another event chosen meanwhile leaves the group together", async () => {
  const it = door();
  await it.flow.seen("group");
  it.flow.gather();
  await it.flow.seen("one");
  await it.flow.recheck();
  assert.deepEqual([it.last().stage, it.last().members.length, it.last().adding], ["answered", 1, true]);
});

test("a venue that records at once waits for a group to gather", async () => {
  const it = door();
  it.atOnce = true;
  await it.flow.seen("group");
  assert.equal(it.last().stage, "answered");
  await it.flow.seen("one");
  assert.equal(it.last().stage, "recorded");
});

test("gathering needs a card on show", () => {
  const it = door();
  it.flow.gather();
  it.flow.dropMember();
  assert.deepEqual(it.views, []);
});

test("who comes along is noted as the register notes it", () => {
  assert.deepEqual([0, 1, 5, 6].map(groupNotes), [["community_alone"], [], [], ["large_group"]]);
  assert.deepEqual(notesFor(community, 2, 4), ["large_group"]);
  assert.deepEqual(notesFor(community, 0, 1), []);
});

test("a full group takes nobody more", () => {
  const members = Array.from({ length: MOST_MEMBERS }, (_, n) => ({ owner: `${n}` }));
  assert.equal(notAdded({ answer: client, owner: "new" }, members), "group_full");
  assert.equal(notAdded({ answer: { ...lost, reason: "not_checked", verdict: "neutral" }, owner: "new" }, []), null);
});

test("only what is needed of a member is sent", () => {
  assert.deepEqual(asMember({ scan_id: "1", number: "2", scanned_at: "3", kind: "ticket", event: 4 }), { scan_id: "1", number: "2", scanned_at: "3" });
});

test("what was recorded already, or stands twice, is not taken out", () => {
  const members = ["a", "b", "c"].map((scan_id) => ({ scan: { scan_id } }));
  const parts = [{ scan_id: "a", recorded: true }, { scan_id: "b", reason: "already_in_group" }, { scan_id: "c", reason: "forged" }];
  assert.deepEqual(withoutRefused(members, parts), { members: members.slice(0, 2), out: parts[2] });
  assert.equal(withoutRefused(members, []).out, null);
});

test("each kind of member sounds like its kind", () => {
  assert.deepEqual([{ answer: client }, { answer: { verdict: "amber" } }, { answer: { verdict: "neutral" } }].map(toneOf), ["ok", "warn", "neutral"]);
  assert.deepEqual(["already_in_group", "already_recorded", "blocked"].map((reason) => toneOf({ reason })), ["neutral", "neutral", "stop"]);
});

const phrases = { "member.scan": "Scan", "member.in": "In: {num}", "member.out": "Not in:", "reason.blocked": "Closed", "reason.already_in_group": "Already", "failure.timeout": "Late", "reason.other.next": "Reason {reason}", "note.compare": "Compare", "reason.not_checked": "Not checked", adult: "1 adult", group: "Group of {num}:", young: "{num} under {age}" };
const say = (id, slots = {}) => phrases[id]?.replace(/\{(\w+)\}/g, (_, slot) => slots[slot]);
const words = { say, count: (id, num) => `${num} ${id}` };

test("the line of the last member says what became of it", () => {
  const line = (view) => memberLine(view, words, () => "Born 1980");
  assert.equal(line({ adding: true }), "Scan");
  assert.equal(line({ adding: false }), undefined);
  assert.equal(line({ told: { reason: "blocked" } }), "Not in: Closed");
  assert.equal(line({ told: { reason: "timeout" } }), "Not in: Late");
  assert.equal(line({ told: { reason: "already_in_group" } }), "Already");
  assert.equal(line({ told: { reason: "strange" } }), "Not in: Reason strange");
  assert.equal(line({ told: { reason: null, num: 2, answer: client } }), "In: 2 · Born 1980");
  assert.equal(line({ told: { reason: null, num: 2, answer: { ...client, notes: ["compare"] } } }), "In: 2 · Compare · Born 1980");
  assert.equal(line({ told: { reason: null, num: 1, answer: { ...client, reason: "not_checked" } } }), "In: 1 · Not checked · Born 1980");
});

test("a group is counted in whole", () => {
  const party = { kind: "ticket", children: 2, assistants: 0, members: [{}, {}], age: 16 };
  assert.equal(partyOf(party, words), "Group of 5: 1 adult + 2 members + 2 under 16");
  assert.equal(partyOf({ ...party, members: [], age: undefined }, words), "1 adult + 2 children");
});
