/**
 * A community card's group as it gathers: each member with an own card is scanned and checked, and comes along or not.
 * Nothing is recorded before the whole group is.
 */
export const MOST_MEMBERS = 30;
const GROUP_NOTE = 5;

/** Why a member does not come along; null where they do. */
export function notAdded({ answer, failure, owner }, members) {
  if (failure) return failure;
  if (members.some((one) => one.owner === owner)) return "already_in_group";
  if (members.length >= MOST_MEMBERS) return "group_full";
  if (answer.facts.kind === "community") return "group_one_community";
  return ["green", "amber"].includes(answer.verdict) || answer.reason === "not_checked" ? null : answer.reason;
}

/** What who comes along with a community card changes of its notes (rules.py, `notes`). */
export function groupNotes(clients) {
  if (clients === 0) return ["community_alone"];
  return clients > GROUP_NOTE ? ["large_group"] : [];
}

/** A member's scan as it is sent in its group's record. */
export const asMember = ({ scan_id, code, number, scanned_at }) =>
  code ? { scan_id, code, scanned_at } : { scan_id, number, scanned_at };

/** Those of a group whom the register did not refuse, and the first part that it did. */
export function withoutRefused(members, parts) {
  const out = parts.filter((part) => !part.recorded && part.reason && part.reason !== "already_in_group");
  const names = new Set(out.map((part) => part.scan_id));
  return { members: members.filter((one) => !names.has(one.scan.scan_id)), out: out[0] ?? null };
}

/** The kind of what was just heard of a member: what sound it has. */
export function toneOf({ reason, answer }) {
  if (reason) return reason === "already_in_group" || reason === "already_recorded" ? "neutral" : "stop";
  return { green: "ok", amber: "warn" }[answer.verdict] ?? "neutral";
}

/**
 * The line about the member who was scanned last.
 * @param {object} view of the flow
 * @param {ReturnType<typeof import("./words.js").createWords>} words
 * @param {(answer: object) => string|undefined} born what staff compare
 */
export function memberLine({ adding, told }, { say }, born) {
  if (!told) return adding ? say("member.scan") : undefined;
  const { reason, num, answer } = told;
  if (reason) {
    const why = say(`reason.${reason}`) ?? say(`failure.${reason}`) ?? say("reason.other.next", { reason });
    return reason === "already_in_group" ? why : `${say("member.out")} ${why}`;
  }
  const note = answer.reason === "not_checked" ? say("reason.not_checked") : answer.notes[0] && say(`note.${answer.notes[0]}`);
  return [`${say("member.in", { num })}`, note, born(answer)].filter(Boolean).join(" · ");
}
