"""What may never be stored (DOMAIN.md): nowhere near a card a name, a date of birth, an address, a phone or a mail."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.house.filled import fill
from tests.people import People
from wallet.clock import now
from wallet.register import cards, invitations, signins
from wallet.register.database import act, db
from wallet.register.identities import AtGate, Holder
from wallet.register.tables import Card, Gate, JournalLine
from wallet.register.tables_signin import Invitation

PERSONAL = re.compile(
    r"name|mail|phone|mobile|address|street|birth(?!_year)|birthday|ssn|hetu|identity|personal|label|nick|person|photo|ip\b"
)
# Everything in the register that is called like personal data, and why it may be there.
ALLOWED = {
    "accounts.name": "staff accounts are ordinary",
    "accounts.email": "staff accounts are ordinary",
    "agents.name": "a ticket agent's",
    "api_tokens.name": "of a system",
    "areas.name_fi": "a municipality's",
    "areas.name_sv": "a municipality's",
    "cards.label": "an organisation's word for its community card; a personal card can have none",
    "credentials.phone_key": "a public key that a phone made",
    "events.name": "an event's",
    "gates.name": "of a door, without a person",
    "issuers.name": "a service's",
    "units.name": "a service's",
    "venues.address": "where a museum is",
    "venues.name_en": "a museum's",
    "venues.name_fi": "a museum's",
    "venues.name_sv": "a museum's",
}


def test_no_column_is_called_like_personal_data(app: Flask) -> None:
    found = {
        f"{table.name}.{column.name}"
        for table in db.metadata.sorted_tables
        for column in table.columns
        if PERSONAL.search(column.name)
    }
    assert found == set(ALLOWED)


@pytest.mark.parametrize(
    "name", ["first_name", "email", "phone", "street", "birth_date", "birthday", "home_address", "label", "hetu"]
)
def test_the_search_finds_what_it_should(name: str) -> None:
    assert PERSONAL.search(name)


def test_a_card_is_known_by_these_and_no_more(app: Flask) -> None:
    """Birth year, postcode and children are mandatory, life situation and gender the holder's choice."""
    of_the_person = {"birth_year", "postcode", "life_situation", "gender", "language"}
    of_the_card = {
        "id", "number", "kind", "state", "area_id", "unit_id", "first_day", "last_day", "blocked_reason",
        "replaced_by_id", "batch_id", "label", "user_handle", "pin_hash", "pin_tries", "pin_wait_until",
    }  # fmt: skip
    assert {column.name for column in db.metadata.tables["cards"].columns} == of_the_person | of_the_card
    tickets = {column.name for column in db.metadata.tables["child_tickets"].columns}
    assert tickets == {"id", "card_id", "birth_year", "relation", "ended_on", "own_card_id"}


def test_nobody_can_be_named_on_a_personal_card(people: People) -> None:
    with pytest.raises(IntegrityError, match="label_of_community"), act() as session:
        session.get_one(Card, people.holder.card_id).label = "Aino"


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.items() for text in _texts(list(item))]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return [str(value)]


def test_the_journal_names_acts_and_no_secrets(app: Flask) -> None:
    """`room:subject:act`; of a card only its row, never its number, a code, a PIN or a mail."""
    fill()
    card = db.session.scalars(select(Card).where(Card.birth_year == 1986)).one()
    holder = Holder(signins.start("holder", at=now(), card_id=card.id), card.id)
    signins.set_pin(holder, "hash-of-the-pin", at=now())
    cards.set_language(holder, "sv", at=now())
    letter = invitations.invite_holder(card.id, by=None, at=now())
    invitations.redeem_letter(letter, 1986, at=now())
    gate_code = invitations.invite_gate("museo", by=None, at=now())
    gate = db.session.get_one(Gate, invitations.enrol_gate(gate_code, "Ovi 9", at=now()).gate_id)
    by = AtGate(signins.start("gate", at=now(), gate_id=gate.id), gate.id, gate.name, gate.venue_id)
    signins.end(by.sign_in, at=now())

    lines = db.session.scalars(select(JournalLine)).all()
    assert len({line.act for line in lines}) > 12
    grammar = re.compile(r"(holder|gate|desk|venue|coordinator|staff|signin|register):[a-z-]+:[a-z-]+")
    assert [line.act for line in lines if not grammar.fullmatch(line.act)] == []
    texts = " ".join(text for line in lines for text in _texts(line.facts))
    numbers = list(db.session.scalars(select(Card.number)))
    hashes = [row.hex() for row in db.session.scalars(select(Invitation.code_hash))]
    for secret in (*numbers, letter, gate_code, holder.sign_in, "hash-of-the-pin", "@", "33100", "1986", *hashes):
        assert secret not in texts
