/**
 * What happens to a scan: checked, shown, recorded, perhaps undone. Knows no page: it asks with `send` and tells `show`.
 *
 * One scan is on show at a time. Without the register this phone judges by itself, and a record waits in the queue,
 * so that nothing is lost with a connection, a sign-in or a page.
 */
import { isAway } from "./exchange.js";
import { ownerOf, slotOf } from "./offline.js";

// A card held in view turns its code every 15 seconds and comes as a new text each time: it is still the same visitor.
const SAME_FOR = 20_000;
const GROUP_NOTE = 5;
const CHECK_PATIENCE = 4000; // then this phone checks by itself: a queue of people waits

/** Whether staff may record: welcome, or not checked for want of a connection. */
export const isOpen = ({ verdict, reason }) => ["green", "amber"].includes(verdict) || reason === "not_checked";

/** The notes of an answer, with those that depend on the number of children judged anew (rules.py, `notes`). */
export function notesFor({ notes, facts, verdict }, children) {
  if (!["green", "amber"].includes(verdict)) return notes;
  const depend = ["child_turning_18", "community_alone", "large_group"];
  const community = facts.kind === "community";
  const sure = (facts.children_allowed ?? 0) - (facts.turning_18 ?? 0);
  return [
    ...notes.filter((note) => !depend.includes(note)),
    ...(!community && children > sure ? ["child_turning_18"] : []),
    ...(community && children === 0 ? ["community_alone"] : []),
    ...(community && children > GROUP_NOTE ? ["large_group"] : []),
  ];
}

/**
 * @typedef {object} View what the sheet shows
 * @property {"checking"|"answered"|"recording"|"recorded"|"saved"|"undoing"|"undone"|"failed"|"refused"} stage
 * @property {object} scan as it is sent
 * @property {object} [answer] the register's, or this phone's own (`offline`)
 * @property {number} children
 * @property {number} assistants
 * @property {string[]} notes
 * @property {string} [failure] with `act`: check, record or undo; of what is saved: why it could not be sent
 * @property {boolean} quiet the same answer to the same card again: no sound
 */

/**
 * @param {object} options
 * @param {(path: string, body: object, patience?: number) => Promise<import("./exchange.js").Result>} options.send
 * @param {(view: View|null) => void} options.show null: nothing is on show
 * @param {(today: {uses: number, children: number}) => void} options.onToday
 * @param {() => {event: number|null, kind: string}} options.evening
 * @param {{check: string, undo: (useId: number) => string}} options.paths
 * @param {() => boolean} options.atOnce green is recorded without a tap
 * @param {ReturnType<typeof import("./queue.js").createQueue>} options.queue
 * @param {(scan: object) => Promise<object>} options.judge this phone's own verdict
 * @param {{up: boolean, failure: string|null, now: () => number}} options.link
 * @param {() => object} options.stamp what else a record holds: venue, clock_offset, list_number
 * @param {() => void} [options.seek] look for the register again, in the background
 */
export function createFlow(options) {
  const { send, show, onToday, evening, paths, atOnce, queue, judge, link, stamp, seek = () => {} } = options;
  const { now = () => performance.now(), newId = () => crypto.randomUUID() } = options;
  let view = null;
  let owner = null;
  let seenAt = -Infinity;
  let served = false; // the owner's use was recorded, and its sheet perhaps put away

  function put(change) {
    view = { ...view, ...change };
    served = ["recorded", "saved"].includes(view.stage);
    if (view.answer) view.notes = notesFor(view.answer, view.children);
    show(view);
  }

  async function check(scan, stage = "checking") {
    const before = view;
    view = { stage, scan, children: 0, assistants: 0, notes: [], quiet: false };
    show(view);
    const away = !link.up;
    if (away) seek();
    const result = away
      ? { failure: link.failure }
      : await send(paths.check, { record: scan, venue: stamp().venue }, CHECK_PATIENCE);
    if (view?.scan !== scan) return; // another visitor's code came meanwhile
    let answer = result.data?.answer;
    const failure = result.failure ?? "unexpected";
    if (!answer?.verdict) {
      if (!isAway(failure)) return put({ stage: "failed", act: "check", failure });
      answer = await judge(scan);
      if (view?.scan !== scan) return;
    }
    const { children = 0, assistants = 0 } = answer.facts;
    const quiet = before?.owner === owner && answer.verdict === "red" && before.answer?.reason === answer.reason;
    put({ stage: "answered", answer, now: result.data?.now ?? link.now(), owner, children, assistants, quiet });
    if (atOnce() && answer.verdict === "green" && view.notes.length === 0) await record();
  }

  function scanOf(what) {
    const { event, kind } = evening();
    const scan = { scan_id: newId(), ...what, scanned_at: new Date().toISOString(), kind, event };
    // Children come along to events only, whoever was ticked on the card.
    return kind === "ticket" ? scan : { ...scan, children: 0 };
  }

  async function record() {
    if (view?.stage !== "answered" || !isOpen(view.answer)) return;
    const { verdict, reason } = view.answer;
    const { children, assistants } = view;
    const scan = { ...view.scan, children, assistants };
    const known = link.now();
    put({ stage: "recording", scan, failure: null });
    try {
      await queue.add({
        ...scan,
        ...stamp(),
        owner: ownerOf(scan),
        slot: slotOf(scan, Number.isFinite(known) ? known : Date.now()),
        seen: { verdict, reason, offline: Boolean(view.answer.offline) },
      });
    } catch {
      return view?.scan === scan && put({ stage: "failed", act: "record", failure: "not_kept" });
    }
    if (!link.up) {
      if (view?.scan === scan) put({ stage: "saved", failure: link.failure });
      return seek();
    }
    await deliver(scan);
  }

  async function deliver(scan) {
    const looking = () => view?.scan === scan;
    const { answer, now: at, failure } = await queue.deliver(scan.scan_id, looking);
    if (!looking()) return;
    if (answer) put(outcome(answer, at));
    else put({ stage: "saved", failure });
  }

  function outcome(answer, at) {
    const { children = 0, assistants = 0 } = answer.facts;
    return { stage: answer.recorded ? "recorded" : "answered", answer, now: at, children, assistants, failure: null, quiet: false };
  }

  async function undo() {
    if (!["recorded", "saved", "answered", "failed"].includes(view?.stage)) return;
    const [scan, back] = [view.scan, view.stage === "failed" ? view.back : view.stage];
    const saved = view.stage === "saved" ? scan.scan_id : view.answer?.facts.saved;
    let useId = view.answer?.facts.use_id;
    if (saved) {
      useId = await queue.undo(saved);
      if (!useId) return view?.scan === scan && put({ stage: "undone" });
    }
    if (!useId) return;
    put({ stage: "undoing", back });
    const result = await send(paths.undo(useId), {});
    if (result.data?.today) onToday(result.data.today);
    if (result.data?.undone) await queue.forget(useId);
    if (view?.scan !== scan) return;
    if (result.data?.undone) put({ stage: "undone" });
    else put({ stage: "failed", act: "undo", failure: result.failure ?? "unexpected", back });
  }

  return {
    /** The camera, a photo or a scanner read this text. */
    async seen(text) {
      const who = ownerOf({ code: text });
      const same = who === owner && now() - seenAt < SAME_FOR;
      const open =
        (!view && !served) ||
        view?.stage === "undone" ||
        view?.answer?.verdict === "red" ||
        (view?.stage === "failed" && view.act === "check");
      owner = who;
      seenAt = now();
      if (!same || open) await check(scanOf({ code: text }));
    },
    /** Someone typed a number. */
    async typed(number) {
      owner = `number ${number}`;
      seenAt = now();
      await check(scanOf({ number }));
    },
    record,
    undo,
    /** One more ticket for a card that has one: checked first, so that the children can be chosen. */
    another: () => check({ ...view.scan, scan_id: newId(), another: true }),
    /** After a failure: the same again, with the same scan id. */
    async again() {
      if (view?.stage !== "failed") return;
      if (view.act === "undo") await undo();
      else if (view.act === "record") {
        put({ stage: "answered" });
        await record();
      } else await check(view.scan);
    },
    /** The choice of the evening changed: what was answered before is not true any more. */
    async recheck() {
      if (view?.stage === "answered") {
        const { code, number, scanned_at } = view.scan;
        await check({ ...scanOf(code ? { code } : { number }), scanned_at });
      }
    },
    /** Staff changed who comes along. */
    party(children, assistants) {
      if (view?.stage === "answered") put({ children, assistants, quiet: true });
    },
    /** Put the sheet away. A record without an answer stays kept. */
    next() {
      view = null;
      show(null);
    },
    /** The queue heard of a record that nobody waited for: if it is still on show, staff see what became of it. */
    settled(record, answer, at) {
      if (view?.stage !== "saved" || view.scan.scan_id !== record.scan_id) return;
      if (answer.recorded) put({ ...outcome(answer, at), quiet: true });
      else this.showRefused({ ...record, answer });
    },
    /** Show a record that the register refused when it was sent later. */
    showRefused(scan) {
      owner = null;
      view = { stage: "refused", scan, answer: scan.answer, children: scan.children ?? 0, assistants: 0, notes: [], quiet: false };
      show(view);
    },
  };
}
