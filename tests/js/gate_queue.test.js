// Records on their way. If these fail, a visit is lost with a connection, is stored twice, is sent to another venue, or
// one bad record keeps all others from the register for ever.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemory } from "../../static/js/gate/memory.js";
import { answersFor, createQueue } from "../../static/js/gate/queue.js";

const plain = { reason: null, notes: [], facts: { use_id: 7 }, verdict: "green", recorded: true };
const answering = ({ records }) => ({ ok: true, data: { answers: records.map(({ scan_id }) => ({ ...plain, scan_id })), now: 1 } });

function counter({ respond = answering, venue = "museo", store = createMemory(), locks = null } = {}) {
  const it = { asked: [], respond, venue, store, settled: [], undo: { ok: true, data: { undone: 7 } } };
  it.queue = createQueue({
    store,
    locks,
    paths: { uses: "uses", undo: (id) => `undo/${id}` },
    venue: () => it.venue,
    onSettled: (record, answer) => it.settled.push([record.scan_id, answer.reason]),
    async send(path, body) {
      it.asked.push({ path, body });
      return path.startsWith("undo") ? it.undo : it.respond(body);
    },
  });
  it.left = async () => (await store.queue.all()).map((one) => one.scan_id).sort();
  it.sizes = () => it.asked.map(({ body }) => body.records?.length);
  return it;
}

const record = (at, more = {}) => ({
  scan_id: `scan-${String(at).padStart(3, "0")}`, code: `code ${at}`, scanned_at: new Date(Date.UTC(2026, 10, 25, 18, 0, at)).toISOString(),
  kind: "ticket", event: null, children: 0, assistants: 0, venue: "museo", owner: `owner ${at}`, slot: "ticket:1", ...more,
});

async function filled(count, options) {
  const it = counter(options);
  for (let at = 0; at < count; at += 1) await it.queue.add(record(at));
  return it;
}

test("all that waits is sent in the order it was scanned, fifty at a time, and goes with its answer", async () => {
  const it = await filled(120);
  await it.queue.flush();
  assert.deepEqual(it.sizes(), [50, 50, 20]);
  const sent = it.asked.flatMap(({ body }) => body.records.map((one) => one.scan_id));
  assert.deepEqual(sent, [...sent].sort());
  assert.deepEqual(await it.left(), []);
  assert.deepEqual(Object.keys(it.asked[0].body.records[0]).sort(), ["assistants", "children", "code", "event", "kind", "scan_id", "scanned_at"]);
});

for (const [what, result] of [
  ["a server error", { ok: false, failure: "broken" }],
  ["a page of the Wi-Fi", { ok: false, failure: "unexpected" }],
  ["silence", { ok: false, failure: "timeout" }],
  ["no network", { ok: false, failure: "no_connection" }],
  ["a sign-in that ended", { ok: false, failure: "signed_out" }],
  ["not allowed", { ok: false, failure: "not_allowed" }],
  ["another JSON", { ok: true, data: { ok: true } }],
  ["no answers", { ok: true, data: { answers: [] } }],
  ["nonsense in place of answers", { ok: true, data: { answers: "all fine" } }],
  ["answers to others", { ok: true, data: { answers: [{ ...plain, scan_id: "scan-999" }, null, 7] } }],
  ["answers without a verdict", { ok: true, data: { answers: [{ scan_id: "scan-000" }, { scan_id: "scan-001", verdict: "maybe" }] } }],
  ["a pause", { ok: true, data: { answers: [0, 1, 2].map((at) => ({ scan_id: `scan-00${at}`, verdict: "red", reason: "gate_paused" })) } }],
]) {
  test(`${what} leaves the queue whole, and all is delivered afterwards`, async () => {
    const it = await filled(3, { respond: () => result });
    await it.queue.flush();
    assert.deepEqual(await it.left(), ["scan-000", "scan-001", "scan-002"]);
    it.respond = answering;
    await it.queue.flush();
    assert.deepEqual(await it.left(), []);
  });
}

test("an answer that misses some records delivers the others", async () => {
  const it = await filled(3, { respond: () => ({ ok: true, data: { answers: [{ ...plain, scan_id: "scan-001" }] } }) });
  await it.queue.flush();
  assert.deepEqual(await it.left(), ["scan-000", "scan-002"]);
});

test("a record that can't be read is kept apart with its reason and is not sent again; the others are delivered", async () => {
  const unreadable = { verdict: "red", reason: "unreadable_record", recorded: false, notes: [], facts: {} };
  const it = await filled(3, {
    // The second has an id that the register can't read, so it is answered without one, in its place.
    respond: ({ records }) => ({ ok: true, data: { answers: records.map(({ scan_id }) => (scan_id === "scan-001" ? { ...unreadable, scan_id: "" } : { ...plain, scan_id })) } }),
  });
  await it.queue.flush();
  const { refused, waiting } = await it.queue.state();
  assert.deepEqual([refused.map((one) => one.answer.reason), waiting], [["unreadable_record"], []]);
  await it.queue.flush();
  assert.equal(it.asked.length, 1);
  await it.queue.drop("scan-001");
  assert.deepEqual(await it.left(), []);
});

test("one record that breaks every request it is in holds up nobody else", async () => {
  const it = await filled(40, {
    respond: (body) => (body.records.some((one) => one.scan_id === "scan-013") ? { ok: false, failure: "broken" } : answering(body)),
  });
  await it.queue.flush();
  await it.queue.flush();
  assert.deepEqual(await it.left(), ["scan-013"]);
  for (let at = 100; at < 103; at += 1) await it.queue.add(record(at));
  await it.queue.flush();
  assert.deepEqual(await it.left(), ["scan-013"]);
});

test("a server that is down is asked a few times only", async () => {
  const it = await filled(120, { respond: () => ({ ok: false, failure: "broken" }) });
  await it.queue.flush();
  assert.ok(it.asked.length <= 8, `${it.asked.length} requests`);
});

test("another venue's records are never sent, are told, and go when the phone is that venue's gate again", async () => {
  const it = await filled(2);
  await it.queue.add(record(5, { venue: "teatteri" }));
  await it.queue.flush();
  assert.deepEqual(await it.left(), ["scan-005"]);
  assert.deepEqual((await it.queue.state()).foreign.map((one) => one.scan_id), ["scan-005"]);
  assert.ok(it.asked.every(({ body }) => body.venue === "museo"));
  it.venue = "teatteri";
  await it.queue.flush();
  assert.deepEqual(await it.left(), []);
  assert.equal(it.asked.at(-1).body.venue, "teatteri");
});

test("a refusal is kept for staff to see, and its card may come again", async () => {
  const it = await filled(1, { respond: ({ records }) => ({ ok: true, data: { answers: records.map(({ scan_id }) => ({ ...plain, scan_id, recorded: false, verdict: "red", reason: "blocked" })) } }) });
  await it.queue.flush();
  assert.deepEqual((await it.queue.state()).refused.map((one) => one.answer.reason), ["blocked"]);
  assert.deepEqual(it.settled, [["scan-000", "blocked"]]);
  assert.deepEqual(await it.store.seen.all(), []);
});

test("a record that may have reached the register is undone there, however often that takes", async () => {
  const it = await filled(1, { respond: () => ({ ok: false, failure: "timeout" }) });
  await it.queue.flush();
  assert.equal(await it.queue.undo("scan-000"), null);
  assert.deepEqual((await it.queue.state()).waiting, []);
  it.respond = answering;
  it.undo = { ok: false, failure: "timeout" };
  await it.queue.flush();
  assert.deepEqual(await it.left(), ["scan-000"]);
  it.undo = { ok: true, data: { undone: 7 } };
  await it.queue.flush();
  assert.deepEqual(await it.left(), []);
  assert.equal(it.asked.at(-1).path, "undo/7");
});

test("an undo that comes too late is told, not dropped", async () => {
  const it = await filled(1, { respond: () => ({ ok: false, failure: "timeout" }) });
  await it.queue.flush();
  await it.queue.undo("scan-000");
  it.respond = answering;
  it.undo = { ok: false, failure: "undo_too_late" };
  await it.queue.flush();
  assert.deepEqual((await it.queue.state()).refused.map((one) => one.answer.reason), ["undo_too_late"]);
});

test("of several tabs one sends; a browser without locks sends too", async () => {
  let held = false;
  const locks = {
    async request(_name, { ifAvailable }, work) {
      assert.ok(ifAvailable);
      if (held) return work(null);
      held = true;
      await work({});
      held = false;
    },
  };
  const store = createMemory();
  const slow = async (body) => (await new Promise(setImmediate), answering(body));
  const [one, other] = [counter({ store, locks, respond: slow }), counter({ store, locks, respond: slow })];
  await one.queue.add(record(1));
  await Promise.all([one.queue.flush(), other.queue.flush()]);
  assert.equal(one.asked.length + other.asked.length, 1);
  const alone = await filled(1, { locks: undefined });
  await alone.queue.flush();
  assert.deepEqual(await alone.left(), []);
});

test("answers are found by their id, wherever they stand", () => {
  const [one, two] = [record(1), record(2)];
  const told = answersFor([one, two], [{ ...plain, scan_id: two.scan_id }, { ...plain, scan_id: one.scan_id }]);
  assert.deepEqual(told.map((answer) => answer.scan_id), [one.scan_id, two.scan_id]);
});
