/**
 * What happens to a scan: checked, shown, recorded, perhaps undone. Knows no page: it asks with `send` and tells `show`.
 *
 * One scan is on show at a time. Without the register this phone judges by itself, and a record waits in the queue,
 * so that nothing is lost with a connection, a sign-in or a page.
 */
import { isAway } from "./exchange.js";
import { asMember, groupNotes, notAdded, withoutRefused } from "./group.js";
import { ownerOf, slotOf } from "./offline.js";

// A card held in view turns its code every 15 seconds and comes as a new text each time: it is still the same visitor.
const SAME_FOR = 20_000;
const CHECK_PATIENCE = 4000; // then this phone checks by itself: a queue of people waits

/** Whether staff may record: welcome, or not checked for want of a connection. */
export const isOpen = ({ verdict, reason }) => ["green", "amber"].includes(verdict) || reason === "not_checked";

/** The notes of an answer, with those that depend on who comes along judged anew (rules.py, `notes`). */
export function notesFor({ notes, facts, verdict }, children, members = 0) {
  if (!["green", "amber"].includes(verdict)) return notes;
  const depend = ["child_turning_18", "community_alone", "large_group"];
  const community = facts.kind === "community";
  const sure = (facts.children_allowed ?? 0) - (facts.turning_18 ?? 0);
  return [
    ...notes.filter((note) => !depend.includes(note)),
    ...(!community && children > sure ? ["child_turning_18"] : []),
    ...(community ? groupNotes(children + members) : []),
  ];
}

/**
 * @typedef {object} View what the sheet shows
 * @property {"checking"|"answered"|"recording"|"recorded"|"saved"|"undoing"|"undone"|"failed"|"refused"} stage
 * @property {object} scan as it is sent
 * @property {object} [answer] the register's, or this phone's own (`offline`)
 * @property {number} children
 * @property {number} assistants
 * @property {object[]} members of a community card's group: `scan`, `owner`
 * @property {boolean} adding the next codes are members'
 * @property {object} [told] of the member who was scanned last: `num` or `reason`, and the `answer`
 * @property {boolean} [heard] it was told just now
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
  let member = null; // the one whose card is held in view

  function put(change) {
    view = { ...view, heard: false, ...change };
    served = ["recorded", "saved"].includes(view.stage);
    if (view.answer) view.notes = notesFor(view.answer, view.children, view.members.length);
    show(view);
  }

  /** The register's verdict on a scan; this phone's own where the register is not reached. */
  async function verdictOn(scan, looking) {
    if (!link.up) seek();
    const result = link.up
      ? await send(paths.check, { record: scan, venue: stamp().venue }, CHECK_PATIENCE)
      : { failure: link.failure };
    const failure = result.failure ?? "unexpected";
    if (result.data?.answer?.verdict) return { answer: result.data.answer, now: result.data.now };
    if (!looking() || !isAway(failure)) return { failure };
    return { answer: await judge(scan), now: link.now() };
  }

  async function check(scan, group = {}) {
    const before = view;
    view = { stage: "checking", scan, children: 0, assistants: 0, members: [], adding: false, notes: [], quiet: false, ...group };
    show(view);
    const looking = () => view?.scan === scan;
    const { answer, failure, now: at } = await verdictOn(scan, looking);
    if (!looking()) return; // another visitor's code came meanwhile
    if (failure) return put({ stage: "failed", act: "check", failure });
    const { children = 0, assistants = 0 } = answer.facts;
    const quiet = before?.owner === owner && answer.verdict === "red" && before.answer?.reason === answer.reason;
    put({ stage: "answered", answer, now: at ?? link.now(), owner, children, assistants, quiet });
    // A community card's visitors have still to be counted.
    const plain = answer.verdict === "green" && view.notes.length === 0 && answer.facts.kind !== "community";
    if (atOnce() && plain) await record();
  }

  /** Somebody of the group who has an own card: checked now, recorded with the whole group. */
  async function addMember(what) {
    const who = ownerOf(what);
    const inView = what.code && (who === owner || (who === member?.owner && now() - member.at < SAME_FOR));
    if (who === member?.owner) member.at = now();
    if (inView) return; // a card that is held there, the group's own too
    member = { owner: who, at: now() };
    const group = view.answer;
    const scan = { ...scanOf(what), children: 0, assistants: 0 };
    const looking = () => view?.answer === group && view.stage === "answered";
    const found = await verdictOn(scan, looking);
    if (!looking()) return;
    const reason = notAdded({ ...found, owner: who }, view.members);
    const members = reason ? view.members : [...view.members, { scan: asMember(scan), owner: who }];
    put({ members, told: { reason, num: members.length, answer: found.answer }, heard: true, quiet: true });
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
    const { children, assistants, members } = view;
    const along = members.length ? { members: members.map((one) => one.scan) } : {};
    const { members: _, ...own } = view.scan;
    const scan = { ...own, children, assistants, ...along };
    const known = link.now();
    put({ stage: "recording", scan, failure: null, quiet: false });
    try {
      await queue.add({
        ...scan,
        ...stamp(),
        owner: ownerOf(scan),
        slot: slotOf(scan, Number.isFinite(known) ? known : Date.now()),
        seen: { verdict, reason, offline: Boolean(view.answer.offline) },
      }, members.map((one) => one.owner));
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
    if (answer?.reason === "group_part_refused") {
      // Nothing is recorded: who was refused is out, and staff tap again for the others.
      const { members, out } = withoutRefused(view.members, answer.facts.parts);
      const { members: _, ...group } = view.scan;
      const told = { reason: out?.reason ?? answer.reason, num: members.length };
      put({ stage: "answered", scan: { ...group, scan_id: newId() }, members, told, heard: true, quiet: true });
    } else if (answer) put(outcome(answer, at));
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

  const gathering = () => view?.adding && view.stage === "answered";

  return {
    /** The camera, a photo or a scanner read this text. */
    async seen(text) {
      if (gathering()) return addMember({ code: text });
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
      if (gathering()) return addMember({ number });
      owner = `number ${number}`;
      seenAt = now();
      await check(scanOf({ number }));
    },
    record,
    undo,
    /** One more ticket for a card that has one: checked first, so that the children can be chosen. */
    another: () => check({ ...view.scan, scan_id: newId(), another: true }, { members: view.members, adding: view.adding }),
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
        const { members, adding } = view;
        await check({ ...scanOf(code ? { code } : { number }), scanned_at }, { members, adding });
      }
    },
    /** Staff changed who comes along. */
    party(children, assistants) {
      if (view?.stage === "answered") put({ children, assistants, quiet: true });
    },
    /** From here on the codes are members' of the community card's group. */
    gather() {
      if (view?.stage === "answered") put({ adding: true, told: null, quiet: true });
    },
    /** The member who was added last does not come after all. */
    dropMember() {
      if (view?.stage !== "answered") return;
      member = null;
      put({ members: view.members.slice(0, -1), told: null, quiet: true });
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
      const { answer, children = 0, members = [] } = scan;
      view = { stage: "refused", scan, answer, children, assistants: 0, members, adding: false, notes: [], quiet: false };
      show(view);
    },
  };
}
