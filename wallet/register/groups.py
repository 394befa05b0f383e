"""A group's visit with a community card: one act with parts. The employee's ticket and each member's own are recorded
together, the members' uses under the community card's.

At the door it is all or nothing, so that staff can take out whoever is refused before anybody goes in. A group that
comes late was let in already: each of its cards is then recorded, or not, as if it had come alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from wallet.register import conflicts, rules, uses
from wallet.register.database import act, db
from wallet.register.entries import numbers_refused
from wallet.register.identities import AtGate
from wallet.register.judging import Answer, Attempt, Judgement, hold_cards, judge
from wallet.register.tables import Scan

# Taken for nothing: it is recorded already, or stands in the group twice.
REPEATED = "already_in_group"


@dataclass(frozen=True)
class Part:
    """One card of a group as it was scanned: what to put to the register, or why its code is none."""

    scanned_at: datetime
    wanted: Attempt | Answer

    @property
    def scan_id(self) -> str:
        return self.wanted.scan_id


@dataclass(frozen=True)
class _Judged:
    """A part and what it would be told; `before` where it was told it already, on its own."""

    part: Part
    judgement: Judgement
    before: bool = False

    @property
    def answer(self) -> Answer:
        return self.judgement.answer

    @property
    def coming(self) -> bool:
        return self.judgement.recordable and not self.before

    @property
    def refused(self) -> bool:
        return not (self.coming or self.answer.recorded or self.answer.reason == REPEATED)


def record_group(own: Part, members: Sequence[Part], *, by: AtGate, at: datetime, late: bool) -> Answer:
    """Record a group, or say why not. `own` is the community card's scan, whose scan_id names the whole; its answer has
    `parts` among its facts, one for each member. Idempotent by (gate, scan_id) like any record.

    Reasons of its own: `group_part_refused` (a member is refused at the door, nothing is recorded),
    `group_needs_community`; of a member: `group_one_community`, `already_in_group`."""
    try:
        return _record(own, members, by=by, at=at, late=late)
    except IntegrityError:
        # An index spoke: another request wrote one of these scans first, and now it can be seen.
        return _record(own, members, by=by, at=at, late=late)


def _record(own: Part, members: Sequence[Part], *, by: AtGate, at: datetime, late: bool) -> Answer:
    with act():
        attempts = [part.wanted for part in (own, *members) if isinstance(part.wanted, Attempt)]
        # The gate's and the venue's rows before the cards', as with a number typed alone.
        closed = numbers_refused(by, at, lock=True) if any(one.number is not None for one in attempts) else None
        hold_cards(attempts)
        told = uses.answers_given(by, [part.scan_id for part in (own, *members)])
        if own.scan_id in told:
            return told[own.scan_id]
        if closed is not None:  # not the last word: the group may come again later
            return Answer(own.scan_id, "red", closed[0], facts=closed[1])
        judged = _judge_members(members, told, by, at)
        first = _Judged(own, _judge(own, by, at, members=sum(one.coming for one in judged)))
        settle = _settle_late if late else _settle_at_door
        return settle(first, judged, by, at)


def _judge(part: Part, by: AtGate, at: datetime, *, members: int = 0) -> Judgement:
    if isinstance(part.wanted, Answer):
        return Judgement(part.wanted)
    return judge(replace(part.wanted, members=members), by, at, lock=True, pausing=False)


def _judge_members(members: Sequence[Part], told: dict[str, Answer], by: AtGate, at: datetime) -> list[_Judged]:
    """What each member would be told. None is written before all are judged."""
    judged: list[_Judged] = []
    cards: set[int] = set()
    for part in members:
        if part.scan_id in told:
            judged.append(_Judged(part, Judgement(told[part.scan_id]), before=True))
            continue
        one = _judge(part, by, at)
        if one.card_id in cards:
            one = Judgement(Answer(part.scan_id, "neutral", REPEATED))
        elif one.recordable and one.answer.facts["kind"] == rules.COMMUNITY:
            one = Judgement(Answer(part.scan_id, "red", "group_one_community"))
        if one.card_id is not None:
            cards.add(one.card_id)
        judged.append(_Judged(part, one))
    return judged


def _settle_at_door(own: _Judged, members: list[_Judged], by: AtGate, at: datetime) -> Answer:
    def refuse(reason: str, **facts: Any) -> Answer:
        # Not the last word on this scan: where it was lost on the way, the group was let in, and comes again.
        return Answer(own.part.scan_id, "red", reason, facts=facts)

    for one in members:
        if one.answer.reason == "unknown_number" and not one.before:
            uses.keep(one.answer, by, at)  # a guess counts, whatever becomes of its group
    if not own.coming:
        return _settle(own, by, at)
    if own.answer.facts["kind"] != rules.COMMUNITY:
        return refuse("group_needs_community")
    if any(one.refused for one in members):
        return refuse("group_part_refused", parts=[_told(one.answer) for one in members])
    asked = [one.part.wanted for one in (own, *members) if one.coming and isinstance(one.part.wanted, Attempt)]
    if uses.take_seats(asked[0], sum(map(uses.seats_of, asked))) is None:
        event = own.judgement.event
        return refuse("ceiling_reached", left=max(0, event.ceiling - event.taken) if event and event.ceiling else 0)
    answer = _settle(own, by, at, seated=True)
    group_id = answer.facts["use_id"]
    return _with_parts(answer, [_settle(one, by, at, group_id=group_id, seated=True) for one in members], by)


def _settle_late(own: _Judged, members: list[_Judged], by: AtGate, at: datetime) -> Answer:
    community = own.coming and own.answer.facts["kind"] == rules.COMMUNITY
    answer = _settle(own, by, at, late=True)
    group_id = answer.facts["use_id"] if community else None
    return _with_parts(answer, [_settle(one, by, at, group_id=group_id, late=True) for one in members], by)


def _settle(
    one: _Judged, by: AtGate, at: datetime, *, group_id: int | None = None, seated: bool = False, late: bool = False
) -> Answer:
    wanted = one.part.wanted
    if one.before:
        return one.answer
    if isinstance(wanted, Attempt) and one.answer.reason != REPEATED:
        return uses.settle(one.judgement, wanted, by=by, at=at, group_id=group_id, seated=seated)
    uses.keep(one.answer, by, at)
    if late and one.answer.reason != REPEATED:
        conflicts.note(one.answer, None, scanned_at=one.part.scanned_at, children=0, by=by, at=at)
    return one.answer


def _with_parts(answer: Answer, parts: list[Answer], by: AtGate) -> Answer:
    """The group's answer with its parts, also as it is kept for its retries."""
    answer = replace(answer, facts=answer.facts | {"parts": [_told(part) for part in parts]})
    db.session.flush()
    kept = db.session.scalars(select(Scan).where(Scan.gate_id == by.gate_id, Scan.scan_id == answer.scan_id)).one()
    kept.answer = kept.answer | {"facts": answer.facts}
    return answer


def _told(answer: Answer) -> dict[str, Any]:
    return {
        "scan_id": answer.scan_id,
        "verdict": answer.verdict,
        "reason": answer.reason,
        "notes": list(answer.notes),
        "recorded": answer.recorded,
        "use_id": answer.facts.get("use_id"),
    }
