/**
 * Records on their way to the register. Online is an offline queue of one: every record is on this phone first, and
 * leaves it only with the register's answer for that record. Knows no page and no database: a store is handed in.
 *
 * A record that the register refused stays too, with its `answer`, until staff have seen it and take it away.
 */
const MOST = 50; // records a request
const PATIENT = 8; // requests that may fail in one round
// What one bad record may bring on all that are sent with it.
const BLAMED = new Set(["broken", "bad_request", "too_large"]);
const VERDICTS = new Set(["green", "amber", "neutral", "red"]);
// The register's own "no" to an undo: asking again would hear the same.
const NEVER_UNDONE = new Set(["undo_too_late", "use_not_found", "not_found"]);
const SENT = ["scan_id", "code", "number", "scanned_at", "kind", "event", "children", "assistants", "another",
  "members", "clock_offset", "list_number", "seen"];

const asSent = (record) => Object.fromEntries(SENT.filter((name) => record[name] !== undefined).map((name) => [name, record[name]]));

/** A group that is sent when nobody waits for the answer was let in: then each of its cards counts on its own. */
const sentNow = (record, looking) => (record.members && !looking ? { ...asSent(record), let_in: true } : asSent(record));

/** The register's last word on each record, in their order; null where it said none. */
export function answersFor(records, answers) {
  if (!Array.isArray(answers)) return records.map(() => null);
  return records.map((record, at) => {
    const sameLength = answers.length === records.length;
    // A record whose id can't be read is answered without one, in its place.
    const nameless = sameLength && answers[at]?.scan_id === "" && answers[at].reason === "unreadable_record";
    const told = nameless ? answers[at] : answers.find((answer) => answer?.scan_id === record.scan_id);
    if (!VERDICTS.has(told?.verdict)) return null;
    // A pause for too many unknown numbers is not an answer: the record comes again (docs/decisions/0008). So does a
    // number that came after the venue's typed entries of the day were full.
    return ["gate_paused", "venue_entries_full"].includes(told.reason) ? null : { notes: [], facts: {}, ...told };
  });
}

/**
 * @param {object} options
 * @param {{queue: object, seen: object}} options.store
 * @param {(path: string, body: object) => Promise<import("./exchange.js").Result>} options.send
 * @param {{uses: string, undo: (useId: number) => string}} options.paths
 * @param {() => string|null} options.venue whose gate this phone is now: another venue's records are never sent to it
 * @param {(record: object, answer: object, now: number) => void} [options.onSettled] an answer that nobody waited for
 * @param {(today: {uses: number, children: number}) => void} [options.onToday]
 * @param {() => void} [options.onChange]
 * @param {LockManager} [options.locks] so that of several tabs one sends; without, each does, and nothing is stored twice
 */
export function createQueue(options) {
  const { store, send, paths, venue, onSettled, onToday, onChange = () => {}, locks = globalThis.navigator?.locks } = options;
  const flying = new Set(); // being delivered with staff looking on
  let sending = false;
  let trouble = null; // why the last round failed
  let failures = 0;

  /** What this phone remembers of a record: its own card, and its group's members'. */
  async function seenOf(scanId) {
    return (await store.seen.all()).filter((one) => one.scan_id === scanId || one.group === scanId);
  }

  async function unsee(scanId) {
    for (const one of await seenOf(scanId)) await store.seen.remove(one.scan_id);
  }

  async function refuse(record, answer, now) {
    await unsee(record.scan_id);
    await store.queue.change(record.scan_id, { answer, answered_at: now });
  }

  /** What the register said of a record decides whether it goes. @returns {Promise<boolean>} whether that was all */
  async function settle(sent, answer, now, looking) {
    const record = await store.queue.get(sent.scan_id); // undone meanwhile, or settled by another tab
    if (!record) return false;
    if (record.undo && answer.recorded) {
      const result = await send(paths.undo(answer.facts.use_id), {});
      if (result.data?.today) onToday?.(result.data.today);
      if (NEVER_UNDONE.has(result.failure)) await refuse(record, { ...answer, verdict: "red", reason: result.failure, recorded: false }, now);
      else if (result.data?.undone || result.failure === "undone_already") await store.queue.remove(record.scan_id);
      return false;
    }
    if (record.undo || answer.recorded || (looking && answer.reason !== "unreadable_record")) {
      await store.queue.remove(record.scan_id);
      if (!answer.recorded) await unsee(record.scan_id);
      for (const { scan_id = record.scan_id, use_id } of answer.recorded ? [{ use_id: answer.facts.use_id }, ...(answer.facts.parts ?? [])] : []) {
        await store.seen.change(scan_id, { use_id });
      }
    } else await refuse(record, answer, now);
    return !record.undo;
  }

  /** @returns {Promise<{failure: string|null, told: object[], now: number}>} */
  async function upload(records, looking = () => false) {
    await Promise.all(records.map(({ scan_id, tries = 0 }) => store.queue.change(scan_id, { tried: true, tries: tries + 1 })));
    const result = await send(paths.uses, { venue: venue(), records: records.map((one) => sentNow(one, looking(one.scan_id))) });
    const told = answersFor(records, result.data?.answers);
    const failure = result.ok ? (told.some(Boolean) || Array.isArray(result.data.answers) ? null : "unexpected") : result.failure;
    if (result.data?.today) onToday?.(result.data.today);
    for (const [at, answer] of told.entries()) {
      if (!answer) continue;
      const open = looking(records[at].scan_id);
      const whole = await settle(records[at], answer, result.data.now, open);
      if (whole && !open) onSettled?.(records[at], answer, result.data.now);
    }
    trouble = failure;
    if (failure) failures += 1;
    return { failure, told, now: result.data?.now };
  }

  /** Send a part; where that fails for all of it, its halves, so that one bad record holds nobody up. */
  async function round(records) {
    if (records.length === 0 || failures >= PATIENT) return;
    const { failure } = await upload(records);
    if (!BLAMED.has(failure) || records.length === 1) return;
    const half = Math.ceil(records.length / 2);
    await round(records.slice(0, half));
    await round(records.slice(half));
  }

  async function waiting() {
    const rows = (await store.queue.all()).filter((one) => !one.answer && one.venue === venue() && !flying.has(one.scan_id));
    // What has failed most comes last, else as they were scanned.
    return rows.sort((a, b) => (a.tries ?? 0) - (b.tries ?? 0) || a.scanned_at.localeCompare(b.scanned_at));
  }

  async function sendAll() {
    failures = 0;
    const rows = await waiting();
    for (let at = 0; at < rows.length; at += MOST) {
      const before = failures;
      await round(rows.slice(at, at + MOST));
      if (failures > before && !BLAMED.has(trouble)) break;
    }
  }

  return {
    get sending() {
      return sending || flying.size > 0;
    },
    get trouble() {
      return trouble;
    },

    /** Keep a record; from here on nothing loses it. Throws where the phone can keep no more. `owners` are its members'. */
    async add(record, owners = []) {
      await store.queue.put(record);
      const { scan_id, owner, slot, scanned_at: at, children, assistants, members = [] } = record;
      await store.seen.put({ scan_id, owner, slot, at, children, assistants });
      for (const [n, one] of members.entries()) {
        await store.seen.put({ scan_id: one.scan_id, group: scan_id, owner: owners[n], slot, at, children: 0, assistants: 0 });
      }
      onChange();
    },

    /** Send one record while staff look on. @returns {Promise<{answer?: object, now?: number, failure?: string}>} */
    async deliver(scanId, looking) {
      flying.add(scanId);
      onChange();
      try {
        const record = await store.queue.get(scanId);
        if (!record) return { failure: "unexpected" };
        const { told, now, failure } = await upload([record], looking);
        return told[0] ? { answer: told[0], now } : { failure: failure ?? "unexpected" };
      } finally {
        flying.delete(scanId);
        onChange();
      }
    },

    /** Send all that waits. */
    async flush() {
      if (sending) return;
      sending = true;
      onChange();
      try {
        if (locks) await locks.request("kaikukortti-gate", { ifAvailable: true }, async (lock) => lock && sendAll());
        else await sendAll();
      } finally {
        sending = false;
        onChange();
      }
    },

    /**
     * Take a record back. One that may have reached the register is undone there when it answers.
     * @returns {Promise<number|null>} the use to undo, where the register has answered already
     */
    async undo(scanId) {
      const record = await store.queue.get(scanId);
      const use = (await store.seen.all()).find((one) => one.scan_id === scanId)?.use_id ?? null;
      if (!record) return use;
      if (record.tried) await store.queue.change(scanId, { undo: true });
      else await store.queue.remove(scanId);
      await unsee(scanId);
      onChange();
      return null;
    },

    /** A use was undone at the register: the card may come again. */
    async forget(useId) {
      for (const one of await store.seen.all()) if (one.use_id === useId) await unsee(one.scan_id);
    },

    /** Take away a refused record that staff have seen. */
    async drop(scanId) {
      await store.queue.remove(scanId);
      onChange();
    },

    /** What is on this phone: records without an answer, another venue's, and refused ones, oldest first. */
    async state() {
      const rows = (await store.queue.all()).sort((a, b) => a.scanned_at.localeCompare(b.scanned_at));
      const open = rows.filter((one) => !one.answer && !one.undo);
      return {
        waiting: open.filter((one) => one.venue === venue()),
        foreign: open.filter((one) => one.venue !== venue()),
        refused: rows.filter((one) => one.answer),
      };
    },
  };
}
