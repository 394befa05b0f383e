/**
 * What happens to a scan: checked, shown, recorded, perhaps undone. Knows no page: it asks with `send` and tells `show`.
 *
 * One scan is on show at a time. A record on its way is also in `kept`, and leaves it only when the register has
 * answered for it, so that nothing is lost with a connection, a sign-in or a page.
 */
import { parse } from "../codes/token.js";

// A card held in view turns its code every 15 seconds and comes as a new text each time: it is still the same visitor.
const SAME_FOR = 20_000;
const GROUP_NOTE = 5;

/** Whose code this is: its credential, or the text itself where it is no code of ours. */
export function ownerOf(text) {
  try {
    return parse(text).credential.join(".");
  } catch {
    return text;
  }
}

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

/** Records on their way, also through a reload. `storage` may be forbidden; then they live as long as the page. */
export function createKept(storage, name = "gate.kept") {
  let records = [];
  try {
    records = JSON.parse(storage?.getItem(name) ?? "[]");
  } catch {}
  const save = () => {
    try {
      storage?.setItem(name, JSON.stringify(records));
    } catch {}
  };
  return {
    get all() {
      return [...records];
    },
    add(record) {
      records = [...records.filter((one) => one.scan_id !== record.scan_id), record];
      save();
    },
    remove(scanId) {
      records = records.filter((one) => one.scan_id !== scanId);
      save();
    },
  };
}

/**
 * @typedef {object} View what the sheet shows
 * @property {"checking"|"answered"|"recording"|"recorded"|"undoing"|"undone"|"failed"} stage
 * @property {object} scan as it is sent
 * @property {object} [answer] the register's
 * @property {number} children
 * @property {number} assistants
 * @property {string[]} notes
 * @property {string} [failure] with `act`: check, record or undo
 * @property {boolean} quiet the same answer to the same card again: no sound
 */

/**
 * @param {object} options
 * @param {(path: string, body: object) => Promise<import("./exchange.js").Result>} options.send
 * @param {(view: View|null) => void} options.show null: nothing is on show
 * @param {(today: {uses: number, children: number}) => void} options.onToday
 * @param {(waiting: number, refused: number, failure: string|null) => void} options.onKept records without an
 *   answer, ones that were refused later, and why the waiting ones could not be sent
 * @param {() => {event: number|null, kind: string}} options.evening
 * @param {{check: string, uses: string, undo: (useId: number) => string}} options.paths
 * @param {boolean} options.atOnce green is recorded without a tap
 * @param {ReturnType<typeof createKept>} options.kept
 */
export function createFlow(options) {
  const { send, show, onToday, onKept, evening, paths, atOnce, kept } = options;
  const { now = () => performance.now(), newId = () => crypto.randomUUID() } = options;
  let view = null;
  let owner = null;
  let seenAt = -Infinity;
  let served = false; // the owner's use was recorded, and its sheet perhaps put away
  let trouble = null; // why what is kept could not be sent
  let refused = []; // views of records that were refused when nobody was looking

  function put(change) {
    view = { ...view, ...change };
    served = view.stage === "recorded";
    if (view.answer) view.notes = notesFor(view.answer, view.children);
    show(view);
  }

  const tellKept = () => onKept(kept.all.filter((one) => one.scan_id !== busyId()).length, refused.length, trouble);
  const busyId = () => (view && ["recording", "failed"].includes(view.stage) ? view.scan.scan_id : null);

  async function check(scan, stage = "checking") {
    const before = view;
    view = { stage, scan, children: 0, assistants: 0, notes: [], quiet: false };
    show(view);
    tellKept();
    const result = await send(paths.check, { record: scan });
    if (view?.scan !== scan) return; // another visitor's code came meanwhile
    const answer = result.data?.answer;
    if (!result.ok || !answer?.verdict) return put({ stage: "failed", act: "check", failure: result.failure ?? "unexpected" });
    const { children = 0, assistants = 0 } = answer.facts;
    const quiet = before?.owner === owner && answer.verdict === "red" && before.answer?.reason === answer.reason;
    put({ stage: "answered", answer, now: result.data.now, owner, children, assistants, quiet });
    if (atOnce && answer.verdict === "green" && view.notes.length === 0) await record();
  }

  function scanOf(what) {
    const { event, kind } = evening();
    const scan = { scan_id: newId(), ...what, scanned_at: new Date().toISOString(), kind, event };
    // Children come along to events only, whoever was ticked on the card.
    return kind === "ticket" ? scan : { ...scan, children: 0 };
  }

  async function record() {
    if (view?.stage !== "answered" || !["green", "amber"].includes(view.answer.verdict)) return;
    await deliver({ ...view.scan, children: view.children, assistants: view.assistants });
  }

  async function deliver(scan) {
    kept.add(scan);
    put({ stage: "recording", scan });
    const result = await send(paths.uses, { records: [scan] });
    const answer = settle(result, [scan])[0];
    const looking = view?.scan === scan;
    if (answer && looking) put(outcome(answer, result.data.now));
    else if (answer) keepRefusal(scan, answer, result.data.now);
    else if (looking) put({ stage: "failed", act: "record", failure: result.failure ?? "unexpected" });
    tellKept();
    if (answer) await sendKept();
  }

  /** The answers that came for these records, each of which is then done with. */
  function settle(result, records) {
    if (result.data?.today) onToday(result.data.today);
    const answers = Array.isArray(result.data?.answers) ? result.data.answers : [];
    const told = records.map((one) => answers.find((answer) => answer?.scan_id === one.scan_id && answer.verdict));
    told.forEach((answer) => answer && kept.remove(answer.scan_id));
    return told;
  }

  function outcome(answer, at) {
    const { children = 0, assistants = 0 } = answer.facts;
    return { stage: answer.recorded ? "recorded" : "answered", answer, now: at, children, assistants, quiet: false };
  }

  function keepRefusal(scan, answer, at) {
    if (!answer.recorded) refused.push({ scan, notes: answer.notes, ...outcome(answer, at) });
  }

  let sending = false;
  /** Send what still waits. What is refused now is kept to be shown. */
  async function sendKept() {
    const waiting = kept.all.filter((one) => one.scan_id !== busyId());
    if (sending || waiting.length === 0) return tellKept();
    sending = true;
    const result = await send(paths.uses, { records: waiting });
    sending = false;
    trouble = result.ok ? null : result.failure;
    settle(result, waiting).forEach((answer, at) => answer && keepRefusal(waiting[at], answer, result.data.now));
    tellKept();
  }

  async function undo() {
    const useId = view?.answer?.facts.use_id;
    if (!useId || !["recorded", "answered", "failed"].includes(view.stage)) return;
    const [scan, back] = [view.scan, view.stage === "failed" ? view.back : view.stage];
    put({ stage: "undoing", back });
    const result = await send(paths.undo(useId), {});
    if (result.data?.today) onToday(result.data.today);
    if (view?.scan !== scan) return;
    if (result.data?.undone) put({ stage: "undone" });
    else put({ stage: "failed", act: "undo", failure: result.failure ?? "unexpected", back });
  }

  return {
    /** The camera, a photo or a scanner read this text. */
    async seen(text) {
      const who = ownerOf(text);
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
      if (view.act === "record") await deliver(view.scan);
      else if (view.act === "undo") await undo();
      else await check(view.scan);
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
      tellKept();
    },
    sendKept,
    /** Show a record that was refused when it was sent later. */
    showRefused() {
      const first = refused.shift();
      if (first) {
        view = first;
        show(view);
      }
      tellKept();
    },
  };
}
