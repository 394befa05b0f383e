"""Staff accounts: an ordinary name and work e-mail, one account an address."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.people import People
from tests.register.scans import NOON
from wallet.register import accounts
from wallet.register.database import act, db
from wallet.register.errors import Refused
from wallet.register.identities import HeldRole
from wallet.register.tables import JournalLine
from wallet.register.tables_staff import Account, Role

pytestmark = pytest.mark.usefixtures("noon")


def test_an_address_is_one_account_however_it_is_typed(people: People) -> None:
    made = accounts.add_account("Åsa", " Åsa.Öberg@Example.ORG ", (HeldRole("support"),), by=people.support, at=NOON)
    assert accounts.account_id("åsa.öberg@example.org") == made
    assert accounts.account_id("ÅSA.ÖBERG@EXAMPLE.ORG\n") == made
    assert accounts.account_id("nobody@example.org") is None
    with pytest.raises(Refused, match="account_exists"):
        accounts.add_account("Other", "ÅSA.öberg@example.org", (), by=None, at=NOON)
    assert db.session.get_one(Account, made).name == "Åsa"


def test_roles_are_kept_where_they_hold(people: People) -> None:
    roles = (
        HeldRole("desk", unit_id=people.unit),
        HeldRole("venue", venue_id="museo"),
        HeldRole("coordinator", area_id="tampere", side="social"),
    )
    made = accounts.add_account("Aino", "aino@example.org", roles, by=None, at=NOON)
    rows = db.session.scalars(select(Role).where(Role.account_id == made).order_by(Role.id))
    assert [HeldRole(r.role, r.unit_id, r.venue_id, r.agent_id, r.area_id, r.side) for r in rows] == list(roles)


@pytest.mark.parametrize(
    "values",
    [
        {"role": "desk"},
        {"role": "venue"},
        {"role": "coordinator", "area_id": "tampere"},
        {"role": "support", "area_id": "tampere"},
        {"role": "desk", "venue_id": "museo"},
        {"role": "coordinator", "area_id": "tampere", "side": "other"},
        {"role": "king"},
    ],
)
def test_a_role_that_holds_nowhere_or_in_two_places_is_none(people: People, values: dict[str, str]) -> None:
    """The table itself says so: a wrong scope would let a desk see another's cards."""
    with pytest.raises(IntegrityError), act() as session:
        session.add(Role(account_id=people.desk.account_id, **values))


def test_leaving_is_journalled_and_the_account_stays(people: People) -> None:
    accounts.leave(people.desk.account_id, by=people.support, at=NOON)
    assert db.session.get_one(Account, people.desk.account_id).left_at == NOON
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "coordinator:account:left")).one()
    assert (line.by_account_id, line.facts) == (people.support.account_id, {"account": people.desk.account_id})
