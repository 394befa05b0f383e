"""The people of every test: a holder, another holder, an issuer, another issuer, a gate, a gate of another venue."""

from dataclasses import dataclass
from datetime import date

from wallet.clock import helsinki_year, now
from wallet.register import accounts, cards, invitations, signins
from wallet.register.database import act
from wallet.register.identities import AtGate, HeldRole, Holder, Staff
from wallet.register.tables import Area, Issuer, Unit, Venue


@dataclass(frozen=True)
class People:
    """Who is there. Each identity is live: its sign-in is a row."""

    holder: Holder  # born 1986; children: 7 years, turning 18, ended
    other_holder: Holder  # born 1961; no children
    gate: AtGate  # at venue "museo", area "tampere"
    other_gate: AtGate  # at venue "teatteri", area "tampere"
    desk: Staff
    other_desk: Staff
    coordinator: Staff
    support: Staff
    unit: int
    other_unit: int


def _holder(unit: int, birth_year: int, children: tuple[tuple[int | None, str], ...]) -> Holder:
    card_id, _number = cards.register_card(
        unit, by=None, at=now(), birth_year=birth_year, postcode="33100", children=children
    )
    found = signins.holder(signins.start("holder", at=now(), card_id=card_id), at=now())
    assert found
    return found


def gate_at(venue: str, name: str) -> AtGate:
    """A newly enrolled gate."""
    code = invitations.invite_gate(venue, by=None, at=now())
    made = invitations.enrol_gate(code, name, at=now())
    found = signins.gate(signins.start("gate", at=now(), gate_id=made.gate_id), at=now())
    assert found
    return found


def _staff(email: str, role: HeldRole) -> Staff:
    account = accounts.add_account(email.split("@", maxsplit=1)[0], email, (role,), by=None, at=now())
    found = signins.staff(signins.start("staff", at=now(), account_id=account), at=now())
    assert found
    return found


def venue(venue_id: str, *, area: str = "tampere", **values: object) -> Venue:
    """A venue for a test; what is not given is a museum's."""
    given: dict[str, object] = {
        "name_fi": venue_id.capitalize(),
        "folded": venue_id,
        "category": "museum",
        "sector": "culture",
        "offers_ticket": True,
    }
    return Venue(id=venue_id, area_id=area, **(given | values))


def make_people() -> People:
    """Put them into an empty register."""
    with act() as session:
        session.add(
            Area(id="tampere", name_fi="Tampere", name_sv="Tammerfors", area_type="network", status="established")
        )
        session.add(
            Area(id="nokia", name_fi="Nokia", area_type="network", status="pilot", pilot_ends=date(2040, 12, 31))
        )
        session.flush()
        session.add_all([venue("museo", name_sv="Museet"), venue("teatteri", category="theatre")])
        session.add(Issuer(id="sosiaalityo", area_id="tampere", name="Sosiaalityö", kind="city"))
        session.add(Issuer(id="seurakunta", area_id="nokia", name="Seurakunta", kind="parish"))
        session.flush()
        units = [Unit(issuer_id="sosiaalityo", name="Sosiaalityö"), Unit(issuer_id="seurakunta", name="Diakonia")]
        session.add_all(units)
        session.flush()
        unit, other_unit = units[0].id, units[1].id
    year = helsinki_year(now())
    return People(
        holder=_holder(unit, 1986, ((year - 7, "child"), (year - 18, "child"), (year - 20, "grandchild"))),
        other_holder=_holder(unit, 1961, ()),
        gate=gate_at("museo", "Ovi 1"),
        other_gate=gate_at("teatteri", "Kassa"),
        desk=_staff("desk@example.org", HeldRole("desk", unit_id=unit)),
        other_desk=_staff("other-desk@example.org", HeldRole("desk", unit_id=other_unit)),
        coordinator=_staff("coordinator@example.org", HeldRole("coordinator", area_id="tampere", side="culture")),
        support=_staff("support@example.org", HeldRole("support")),
        unit=unit,
        other_unit=other_unit,
    )
