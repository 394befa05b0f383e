/**
 * The verdict's sheet: one view of the flow as colour, shape, words and the buttons that belong to it.
 */
import { isOpen } from "./flow.js";
import { memberLine, toneOf } from "./group.js";

const KINDS = { green: "ok", amber: "warn", neutral: "neutral", red: "stop" };
const UNDO_MS = 15 * 60_000;

/** The kind of a view: what colour and shape and sound it has. */
export function kindOf({ stage, answer, notes, failure }) {
  if (failure && stage === "failed") return "fault";
  if (stage === "undone") return "neutral";
  if (stage === "saved" && answer.verdict !== "neutral") return "done";
  if (answer.recorded) return "done";
  if (["green", "amber"].includes(answer.verdict)) return notes.length ? "warn" : "ok";
  return KINDS[answer.verdict] ?? "fault";
}

/** "1 adult + 2 children"; of a group "Group of 6: 1 adult + 3 with own cards + 2 under 18". */
export function partyOf({ kind, children, assistants, members, age }, { say, count }) {
  const along = members?.length ?? 0;
  const party = [
    kind === "ticket" ? say("adult") : say(`kind.${kind}`),
    along ? count("members", along) : null,
    children ? (age ? say("young", { num: children, age }) : count("children", children)) : null,
    assistants ? count("assistants", assistants) : null,
  ].filter(Boolean).join(" + ");
  return along ? `${say("group", { num: 1 + along + children })} ${party}` : party;
}

/**
 * The sheet's words for a view. Slots that are left out are hidden.
 * @param {import("./flow.js").View} view
 * @param {ReturnType<typeof import("./words.js").createWords>} words
 * @param {(scan: object) => string} nameOf the evening's event of a scan
 */
export function wordsOf(view, words, nameOf) {
  const { say, clock } = words;
  const { stage, scan, answer, children, assistants, members, notes } = view;
  const badge = answer?.offline ? say(`offline.${answer.reason ?? "checked"}`) : undefined;
  const party = partyOf({ kind: scan.kind, children, assistants, members, age: answer?.facts.community_age }, words);
  if (stage === "failed") {
    const known = say(`failure.${view.failure}`) ?? say(`reason.${view.failure}.next`);
    return {
      headline: say(`failed.${view.act}`),
      next: known ?? say("failure.other", { reason: view.failure }),
    };
  }
  if (stage === "undone") return { headline: say("undone"), next: say("undone.next") };
  if (stage === "saved") {
    const why = view.failure !== "no_connection" && say(`failure.${view.failure}`);
    return { headline: say("saved"), detail: party, next: [why, say("saved.next")].filter(Boolean).join(" "), badge };
  }
  if (answer.recorded) {
    return { headline: say("recorded"), detail: party, next: nameOf(scan) };
  }
  const { facts } = answer;
  const slots = slotsOf(facts, words);
  const member = view.adding ? memberLine(view, words, (one) => bornOf(one, slotsOf(one.facts, words), say)) : undefined;
  if (["green", "amber"].includes(answer.verdict)) {
    const born = bornOf(answer, slots, say);
    const limits = limitsOf(facts, words);
    const headline = notes.length ? (say(`note.${notes[0]}`) ?? say("look")) : say("welcome");
    // While a group gathers, what is told of its members takes the room.
    if (view.adding) return { headline, detail: party, badge, member };
    if (notes.length === 0) return { headline, detail: party, next: limits.join(" ") || undefined, facts: born, badge };
    const sentences = notes.map((note) => say(`note.${note}.next`, slots) ?? say("note.other", { reason: note }));
    sentences.push(...limits);
    return {
      headline,
      detail: notes.includes("compare") ? born : party,
      next: sentences.join(" "),
      facts: notes.includes("compare") ? party : born,
      badge,
    };
  }
  const reason = answer.reason;
  if (reason === "not_checked") {
    const headline = say("reason.not_checked");
    if (view.adding) return { headline, detail: party, badge, member };
    return { headline, detail: party, next: say(`unsure.${answer.facts.unsure}`), facts: bornOf(answer, slots, say), badge };
  }
  if (stage === "refused") slots.scanned_at = clock(scan.scanned_at);
  const headline = say(`reason.${reason}`, slots);
  const later = stage === "refused" ? say("refused.scanned", slots) : undefined;
  if (headline === undefined) {
    const next = say(`failure.${reason}`) ?? say("reason.other.next", { reason });
    return { headline: say("reason.other"), next, facts: later };
  }
  const next = later ? say("refused.next") : say(`reason.${reason}.next`, slots);
  return { headline, detail: say(`reason.${reason}.detail`, slots), next, facts: later, badge };
}

/** What the area gives of a course or of a season right: places, fee, until when. */
export function limitsOf({ courses_left: left, fee_cents: fee, fee_cap_cents: cap, until }, { say, count, euros, day }) {
  const known = (cents) => cents !== null && cents !== undefined;
  const found = [];
  if (left > 0) found.push(count("courses_left", left));
  if (known(fee) && known(cap) && fee > cap) {
    found.push(say("limit.fee_shared", { fee: euros(fee), cap: euros(cap), share: euros(fee - cap) }));
  } else if (known(fee)) found.push(say("limit.fee_covered", { fee: euros(fee) }));
  else if (known(cap)) found.push(say("limit.fee_cap", { cap: euros(cap) }));
  if (until) found.push(say("limit.until", { until: day(until) }));
  return found;
}

/** The facts of an answer as a sentence's slots. */
function slotsOf(facts, { clock, day }) {
  return {
    ...facts,
    last_day: facts.last_day && day(facts.last_day),
    first_day: facts.first_day && day(facts.first_day),
    used_at: facts.used_at && clock(facts.used_at),
    elsewhere_at: facts.elsewhere_at && clock(facts.elsewhere_at),
  };
}

/** What staff compare. Offline the card's last day is not known: a code's own is only its phone key's. */
function bornOf({ facts, offline }, slots, say) {
  if (!facts.kind) return undefined;
  return say(`facts.${offline ? "offline." : ""}${facts.kind}`, slots);
}

// The register's own "no" to an undo: asking again would hear the same.
const final = (act, failure) =>
  act === "undo" && ["undo_too_late", "undone_already", "use_not_found", "not_found"].includes(failure);

/**
 * @param {HTMLElement} sheet holds one [data-verdict], its [data-slot]s, [data-act] buttons and [data-counter]s
 * @param {object} options `words`, `sound`, `nameOf` a scan's event, and the whole `gate`, which gives the sheet room
 * @returns {(view: import("./flow.js").View|null) => void}
 */
export function createSheet(sheet, { words, nameOf, sound, gate }) {
  const section = sheet.querySelector("[data-verdict]");
  const slots = Object.fromEntries([...sheet.querySelectorAll("[data-slot]")].map((each) => [each.dataset.slot, each]));
  const acts = Object.fromEntries([...sheet.querySelectorAll("[data-act]")].map((each) => [each.dataset.act, each]));
  const counters = { children: null, assistants: null };
  const label = () => counters.children.querySelector("label");
  for (const each of sheet.querySelectorAll("[data-counter]")) counters[each.querySelector("input").name] = each;
  const shapes = [...sheet.querySelectorAll("[data-shape]")];
  const children = label().textContent;

  function setCounter(name, value, most) {
    const [less, more] = counters[name].querySelectorAll("[data-step]");
    const field = counters[name].querySelector("input");
    // While someone types in it, an empty field is on its way to a number.
    if (document.activeElement !== field || Number(field.value) !== value) field.value = value;
    field.max = most;
    less.disabled = value <= 0;
    more.disabled = value >= most;
  }

  function offered(view) {
    const { stage, answer, failure, act } = view;
    const open = ["answered", "recording"].includes(stage) && isOpen(answer);
    const mine = Boolean(answer?.facts.use_id || answer?.facts.saved);
    const young = !answer?.facts.used_at || (view.now ?? 0) - Date.parse(answer.facts.used_at) < UNDO_MS;
    const recorded = ["recorded", "undoing"].includes(stage) && answer.recorded;
    const already = ["answered", "undoing"].includes(stage) && answer.verdict === "neutral" && !answer.recorded && !open;
    const lost = stage === "failed";
    const [saved, refused] = [stage === "saved", stage === "refused"];
    const group = open && answer.facts.kind === "community" && view.scan.kind === "ticket";
    const enrol = (lost || saved) && failure === "signed_out";
    const later = refused || enrol || (lost && !final(act, failure));
    return {
      record: open,
      drop: open,
      assistant: open && view.assistants === 0 && view.scan.kind === "ticket" && !view.adding,
      member: group && !view.adding,
      number: group && view.adding,
      unmember: group && view.members.length > 0,
      again: lost && !["signed_out", "page_too_old", "other_venue"].includes(failure) && !final(act, failure),
      enrol,
      reload: lost && failure === "page_too_old",
      remove: refused,
      undo: saved || ((recorded || already) && mine && young),
      another: already,
      next: !open && !later,
      later,
    };
  }
  return function show(view) {
    const before = sheet.hidden ? null : section.dataset.stage;
    const shown = view !== null && view.stage !== "checking";
    sheet.hidden = !shown;
    gate.classList.toggle("gate--answered", shown);
    if (!shown) return;
    const kind = kindOf(view);
    section.className = `verdict verdict--${kind}`;
    section.toggleAttribute("data-offline", Boolean(view.answer?.offline));
    Object.assign(section.dataset, { verdict: kind, stage: view.stage, reason: view.failure ?? view.answer?.reason ?? "" });
    for (const shape of shapes) shape.toggleAttribute("hidden", shape.dataset.shape !== (kind === "done" ? "ok" : kind)); // SVG has no .hidden
    const said = wordsOf(view, words, nameOf);
    for (const [name, slot] of Object.entries(slots)) {
      const text = slot.querySelector("span") ?? slot;
      text.textContent = said[name] ?? "";
      slot.hidden = !said[name];
    }
    const given = offered(view);
    for (const [name, button] of Object.entries(acts)) button.hidden = !given[name];
    for (const [name, stage] of [["record", "recording"], ["undo", "undoing"]]) {
      acts[name].disabled = view.stage === stage;
      acts[name].setAttribute("aria-busy", String(view.stage === stage));
    }
    const community = view.answer?.facts.kind === "community";
    const most = community ? 99 : (view.answer?.facts.children_allowed ?? 0);
    counters.children.hidden = !given.record || view.scan.kind !== "ticket" || most === 0;
    label().textContent = community ? words.say("young.label", { age: view.answer.facts.community_age ?? 18 }) : children;
    counters.assistants.hidden = !given.record || view.assistants === 0;
    setCounter("children", view.children, most);
    setCounter("assistants", view.assistants, 15);
    if (view.heard) {
      sound.play(toneOf(view.told));
      if (!sheet.contains(document.activeElement)) slots.headline.focus();
    }
    if (view.quiet || (before === view.stage && view.stage === "recording")) return;
    if (["answered", "recorded", "saved", "undone", "failed", "refused"].includes(view.stage)) {
      sound.play(kind);
      slots.headline.focus();
    }
  };
}
