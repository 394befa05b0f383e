"""Uses at desks with a keyboard: who records for which venue, what they see, undo and answer. If these fail, a ticket
agent reaches what others recorded, a venue invents visits without end, or a holder's question is answered by a
stranger."""

import secrets
import threading
from datetime import timedelta

import pytest

from tests.gate.offices import agent, number_of, office
from tests.people import People
from tests.register.scans import NOON, add_event, count, phone_of, scan, set_card, told, typed
from wallet.register import agents, corrections, gates, rules, signins, uses, venue_uses
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import AtGate
from wallet.register.tables import Event, Gate, Scan, Use
from wallet.register.tables_agents import ApiToken
from wallet.register.tables_life import Correction
from wallet.register.tables_offline import Conflict

pytestmark = pytest.mark.usefixtures("noon")

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def at_desk(who, venue: str = "museo") -> AtGate:
    return gates.at_office(who, venue, at=NOON)


def use_of(people: People, by: AtGate, who: str = "holder", **values: object) -> int:
    answer = uses.record_use(typed(number_of(getattr(people, who)), **values), by=by, at=NOON)
    assert answer.recorded
    return int(answer.facts["use_id"])


def system_of(agent_id: str, venue: str = "museo") -> AtGate:
    """The agent's own system as a gate."""
    with act() as session:
        token = ApiToken(
            agent_id=agent_id, name="Kassa", token_hash=secrets.token_bytes(32), scopes=["record"], made_at=NOON
        )
        session.add(token)
        session.flush()
        gate = Gate(venue_id=venue, kind="api", token_id=token.id, name="Kassa", made_at=NOON)
        session.add(gate)
        session.flush()
        return AtGate("", gate.id, gate.name, venue, "api")


# Who may not


def test_nobody_records_for_a_venue_that_is_not_theirs(people):
    for who, venue in ((people.desk, "museo"), (office("teatteri"), "museo"), (agent("lippu", "museo"), "teatteri")):
        with pytest.raises(NotFound):
            gates.at_office(who, venue, at=NOON)


def test_an_agent_sees_and_undoes_its_own_and_the_venue_everything(people):
    """A ticket agent may undo only what its own accounts and systems recorded."""
    seller, colleague, rival = agent("lippu", "museo"), agent("lippu"), agent("toinen", "museo")
    own = {
        use_of(people, at_desk(seller)),
        use_of(people, at_desk(colleague), another=True),
        use_of(people, system_of("lippu"), another=True),
    }
    others = {
        use_of(people, at_desk(rival), another=True),
        use_of(people, at_desk(office()), another=True),
        use_of(people, people.gate, another=True),
        use_of(people, system_of("toinen"), another=True),
    }
    by = at_desk(seller)
    day = NOON.date()
    assert {line.use_id for line in venue_uses.uses_between(by, day, day)} == own
    assert venue_uses.counts_between(by, day, day) == (3, 0)
    for use in others:
        with pytest.raises(NotFound):
            uses.undo_at_venue(use, by=by, at=NOON, reason="wrong_card")
        with pytest.raises(NotFound):
            venue_uses.use_of(by, use)
    for use in own:
        uses.undo_at_venue(use, by=by, at=NOON, reason="wrong_card")
    assert {line.use_id for line in venue_uses.uses_between(at_desk(office()), day, day)} == own | others


def test_another_venue_finds_nothing(people):
    use = use_of(people, people.gate)
    by = at_desk(office("teatteri"), "teatteri")
    with pytest.raises(NotFound):
        uses.undo_at_venue(use, by=by, at=NOON, reason="wrong_card")
    assert venue_uses.uses_between(by, NOON.date(), NOON.date()) == []


# Undo


@pytest.mark.parametrize("reason", uses.UNDO_REASONS)
def test_a_use_is_undone_for_a_reason_that_is_one_of_a_few(people, reason):
    event = add_event(ceiling=3)
    use = use_of(people, people.gate, event_id=event, children=1)
    uses.undo_at_venue(use, by=at_desk(office()), at=NOON, reason=reason)
    assert (db.session.get_one(Use, use).undone_reason, db.session.get_one(Event, event).taken) == (reason, 0)
    with pytest.raises(Refused, match="undone_already"):
        uses.undo_at_venue(use, by=at_desk(office()), at=NOON, reason=reason)


@pytest.mark.parametrize(("after", "refused"), [(30 * DAY, None), (30 * DAY + MINUTE, "venue_undo_too_late")])
def test_the_venue_has_30_days(people, after, refused):
    """ "the venue for 30 days in its list" [D]."""
    use, by = use_of(people, people.gate), at_desk(office())
    if refused:
        with pytest.raises(Refused, match=refused):
            uses.undo_at_venue(use, by=by, at=NOON + after, reason="not_visited")
    else:
        uses.undo_at_venue(use, by=by, at=NOON + after, reason="not_visited")
    assert (db.session.get_one(Use, use).undone_at is None) == bool(refused)


# The list


def test_the_list_is_by_day_and_in_pages(people):
    by = at_desk(office())
    ahead = use_of(people, by, event_id=add_event(starts_at=NOON + 3 * DAY))
    now = [use_of(people, by, another=nth > 0) for nth in range(3)]
    day, later = NOON.date(), (NOON + 3 * DAY).date()
    seen = venue_uses.uses_between(by, day, later, limit=2)
    assert [line.use_id for line in seen] == [ahead, now[2]]
    rest = venue_uses.uses_between(by, day, later, after=(seen[-1].day, seen[-1].use_id))
    assert [line.use_id for line in rest] == [now[1], now[0]]
    assert [line.use_id for line in venue_uses.uses_between(by, later, later)] == [ahead]


def test_typed_and_paper_entries_can_be_looked_through_alone(people):
    by, day = at_desk(office()), NOON.date()
    scanned = uses.record_use(scan(phone_of(people.holder), children=1), by=people.gate, at=NOON).facts["use_id"]
    told_ = use_of(people, by, "other_holder")
    form = use_of(people, by, "other_holder", read_by="form", late=True, another=True)
    assert {line.use_id for line in venue_uses.uses_between(by, day, day)} == {scanned, told_, form}
    assert {line.use_id for line in venue_uses.uses_between(by, day, day, entered=True)} == {told_, form}
    assert venue_uses.counts_between(by, day, day) == (3, 1)
    assert venue_uses.counts_between(by, day, day, entered=True) == (2, 0)


# A venue that invents visits (CODES.md, "Threats")


def test_typed_and_paper_entries_have_a_ceiling_a_day(people, monkeypatch):
    monkeypatch.setattr(rules, "ENTRIES_A_DAY", 2)
    by = at_desk(office())
    use = use_of(people, by)
    use_of(people, people.gate, another=True)
    full = typed(number_of(people.holder), another=True)
    for attempt in (full, typed(number_of(people.holder), read_by="form", late=True)):
        assert told(uses.check_use(attempt, by=by, at=NOON)) == ("red", "venue_entries_full")
        answer = uses.record_use(attempt, by=by, at=NOON)
        assert (told(answer), answer.facts) == (("red", "venue_entries_full"), {"most": 2})
    assert count(Scan, Scan.reason == "venue_entries_full") == 0, "it may come again tomorrow"
    scanned = scan(phone_of(people.other_holder))
    assert uses.record_use(scanned, by=people.gate, at=NOON).recorded, "scanning goes on"
    assert use_of(people, people.other_gate, "other_holder"), "another venue has a ceiling of its own"
    uses.undo_at_venue(use, by=by, at=NOON, reason="entered_twice")
    assert uses.record_use(full, by=by, at=NOON).recorded, "what was undone is no entry"
    tomorrow = typed(number_of(people.holder), NOON + DAY)
    assert uses.record_use(tomorrow, by=by, at=NOON + DAY).recorded


# Paper forms


def test_a_form_is_taken_late_and_for_its_own_day(people):
    set_card(people.holder.card_id, first_day=(NOON - 100 * DAY).date())
    by, number = at_desk(office()), number_of(people.holder)
    old = typed(number, NOON - 92 * DAY, read_by="form", late=True)
    answer = uses.record_use(old, by=by, at=NOON)
    assert (answer.verdict, db.session.get_one(Use, answer.facts["use_id"]).day) == ("green", (NOON - 92 * DAY).date())
    older = typed(number, NOON - 92 * DAY - MINUTE, read_by="form", late=True)
    assert told(uses.record_use(older, by=by, at=NOON)) == ("red", "scanned_too_long_ago")
    assert told(uses.record_use(typed(number, NOON - 15 * DAY, late=True), by=by, at=NOON))[1] == "scanned_too_long_ago"


def test_a_forms_fault_is_no_conflict_but_a_card_closed_since_is(people):
    by = at_desk(office())
    wrong = typed(number_of(people.other_holder), read_by="form", late=True, children=3)
    assert told(uses.record_use(wrong, by=by, at=NOON)) == ("red", "too_many_children")
    assert count(Conflict) == 0
    set_card(people.holder.card_id, state="blocked", blocked_reason="lost")
    use = use_of(people, by, read_by="form", late=True)
    (line,) = venue_uses.uses_between(by, NOON.date(), NOON.date())
    assert (line.use_id, line.conflict) == (use, "blocked_meanwhile")


# Holders' corrections


def asked(use: int) -> int:
    with act() as session:
        correction = Correction(use_id=use, venue_id="museo", reason="children", asked_at=NOON)
        session.add(correction)
        session.flush()
        return int(correction.id)


def test_a_correction_is_seen_and_answered_by_the_venues_own_people_alone(people):
    correction = asked(use_of(people, people.gate))
    for by in (people.gate, at_desk(agent("lippu", "museo")), at_desk(office("teatteri"), "teatteri")):
        assert corrections.open_corrections(by) == []
        with pytest.raises(NotFound):
            corrections.answer(by, correction, "kept", at=NOON)
    (line,) = corrections.open_corrections(at_desk(office()))
    assert (line.correction_id, line.reason, line.gate_name) == (correction, "children", "Ovi 1")


@pytest.mark.parametrize(("outcome", "reason"), [("undone", "holder_asked"), ("kept", None)])
def test_an_answer_is_given_once(people, outcome, reason):
    use, by = use_of(people, people.gate), at_desk(office())
    correction = asked(use)
    assert venue_uses.use_of(by, use).asked == "children"
    corrections.answer(by, correction, outcome, at=NOON)
    assert (venue_uses.use_of(by, use).asked, venue_uses.use_of(by, use).undone_reason) == (None, reason)
    assert corrections.open_corrections(by) == []
    with pytest.raises(Refused, match="answered_already"):
        corrections.answer(by, correction, "kept", at=NOON)


def test_what_is_undone_already_may_be_answered_so(people):
    use, by = use_of(people, people.gate), at_desk(office())
    correction = asked(use)
    uses.undo_at_venue(use, by=by, at=NOON, reason="wrong_card")
    corrections.answer(by, correction, "undone", at=NOON)
    assert venue_uses.use_of(by, use).undone_reason == "wrong_card"


def test_after_30_days_a_use_can_only_be_kept(people):
    correction, by = asked(use_of(people, people.gate)), at_desk(office())
    with pytest.raises(Refused, match="venue_undo_too_late"):
        corrections.answer(by, correction, "undone", at=NOON + 31 * DAY)
    corrections.answer(by, correction, "kept", at=NOON + 31 * DAY)


# Ticket agents


def test_a_ticket_agent_and_its_venues(people):
    with pytest.raises(NotFound, match="venue_not"):
        agents.add_agent("lippu", "Lippukauppa", ["museo", "atlantis"], by=people.support, at=NOON)
    assert agents.agents() == [], "a typing error leaves no agent without venues"
    agents.add_agent("lippu", "Lippukauppa", ["teatteri", "museo", "museo"], by=people.support, at=NOON)
    with pytest.raises(Refused, match="agent_exists"):
        agents.add_agent("lippu", "Toinen", [], by=people.support, at=NOON)
    for agent_id, venue, reason in (("tuntematon", "museo", "agent_not"), ("lippu", "atlantis", "venue_not")):
        with pytest.raises(NotFound, match=reason):
            agents.set_agent_venues(agent_id, [venue], by=people.support, at=NOON)
    assert agents.agents() == [agents.AgentLine("lippu", "Lippukauppa", ("museo", "teatteri"))]
    agents.set_agent_venues("lippu", [], by=people.support, at=NOON)
    assert agents.agents() == [agents.AgentLine("lippu", "Lippukauppa", ())]


def test_a_member_of_staff_is_one_gate_of_each_venue(people):
    seller = agent("lippu", "museo", "teatteri")
    here = [at_desk(seller), at_desk(seller)]
    assert here[0] == here[1]
    assert (here[0].kind, here[0].gate_name, here[0].account_id) == ("agent", "Lippukauppa", seller.account_id)
    assert at_desk(seller, "teatteri").gate_id != here[0].gate_id
    assert [one.agent_name for one in gates.office_venues(seller)] == ["Lippukauppa"] * 2


def test_a_gate_that_was_taken_away_is_none(people):
    """What holds for a phone holds for a seller: a venue stops one there, and nowhere else."""
    seller = agent("lippu", "museo", "teatteri")
    signins.revoke_gate(at_desk(seller).gate_id, at=NOON)
    with pytest.raises(NotFound, match="venue_not_found"):
        at_desk(seller)
    assert at_desk(seller, "teatteri").venue_id == "teatteri"


def test_two_first_requests_at_once_are_one_gate(app, people, monkeypatch):
    """Two tabs of a new seller: both look before either writes, and both work."""
    seller, both, made = agent("lippu", "museo"), threading.Barrier(2), []

    def together():
        both.wait()
        return act()

    monkeypatch.setattr(gates, "act", together)

    def ask() -> None:
        with app.app_context():
            made.append(gates.at_office(seller, "museo", at=NOON))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made[0] == made[1]
    db.session.rollback()  # what this thread saw before is another moment's
    assert count(Gate, Gate.kind == "agent") == 1
