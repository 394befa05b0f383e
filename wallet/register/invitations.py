"""Single-use ways in: activation letters, gate enrolments, first sign-ins of staff. The register keeps hashes only.

A code is twelve signs of an alphabet without look-alikes (60 random bits), shown in fours. The same code stands on
the letter and in the fragment of its link, so it never reaches a server's log.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from wallet.register import journal, rules
from wallet.register.database import act, db, held
from wallet.register.errors import Refused
from wallet.register.identities import Who
from wallet.register.tables import Card, Gate, Venue
from wallet.register.tables_signin import Invitation
from wallet.register.tables_staff import Account

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
LENGTH = 12
TRIES = 5
LETTER_DAYS = 60
GATE_DAYS = 7
STAFF_DAYS = 7


def new_code() -> str:
    """A fresh code, not yet grouped."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normalise_code(typed: str) -> str | None:
    """What was typed or scanned, as it is hashed; None where it can't be a code. O is read as 0, I and l as 1."""
    text = "".join(sign for sign in typed.upper() if sign not in " -‐‑–—.\t\r\n\u00a0")
    text = text.translate(str.maketrans("OILU", "011V"))
    return text if len(text) == LENGTH and set(text) <= set(ALPHABET) else None


def grouped(code: str) -> str:
    """The code as people read it."""
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


def _hash(code: str) -> bytes:
    return hashlib.sha256(b"invitation:" + code.encode()).digest()


def _invite(code: str, at: datetime, days: int, **subject: object) -> None:
    db.session.add(Invitation(code_hash=_hash(code), made_at=at, ends_at=at + timedelta(days=days), **subject))


def invite_holder(card_id: int, *, by: Who | None, at: datetime) -> str:
    """A new activation letter's code. An earlier letter of the card that was not used dies.

    Raises Refused("not_registered") for a card that is not registered."""
    code = new_code()
    with act() as session:
        card = session.scalars(held(select(Card).where(Card.id == card_id))).one()
        if card.state != "registered":
            raise Refused("not_registered")
        cancel_letters(card_id, at=at)
        _invite(code, at, LETTER_DAYS, card_id=card_id)
        journal.write("desk:letter:made", at=at, by=by, card_id=card_id)
    return code


def cancel_letters(card_id: int, *, at: datetime) -> None:
    """A card's letters that were not used let nobody in any more, inside the act that is under way."""
    unused = (Invitation.card_id == card_id, Invitation.used_at.is_(None), Invitation.cancelled_at.is_(None))
    db.session.execute(update(Invitation).where(*unused).values(cancelled_at=at))


def invite_gate(venue_id: str, *, by: Who | None, at: datetime) -> str:
    """A new enrolment code for one phone of this venue."""
    code = new_code()
    with act():
        _invite(code, at, GATE_DAYS, venue_id=venue_id)
        journal.write("venue:gate:invited", at=at, by=by, venue_id=venue_id)
    return code


def invite_account(account_id: int, *, by: Who | None, at: datetime) -> str:
    """A new first sign-in (or recovery) code for a member of staff."""
    code = new_code()
    with act():
        _invite(code, at, STAFF_DAYS, account_id=account_id)
        journal.write("coordinator:account:invited", at=at, by=by, account=account_id)
    return code


def _open(code: str, at: datetime) -> Invitation:
    """The live invitation of a code, its row locked until the act ends. Raises Refused with the reason it is not."""
    query = select(Invitation).where(Invitation.code_hash == _hash(code))
    invitation = db.session.scalars(held(query)).one_or_none()
    if invitation is None:
        raise Refused("code_unknown")
    if invitation.used_at is not None:
        raise Refused("code_used")
    if invitation.cancelled_at is not None or invitation.tries >= TRIES:
        raise Refused("code_cancelled")
    if at > invitation.ends_at:
        raise Refused("code_expired")
    return invitation


def redeem_letter(code: str, birth_year: int, *, at: datetime) -> int:
    """Use a holder's letter once; returns the card's id. A wrong birth year is counted; five kill the letter.

    Raises Refused: code_unknown, code_used, code_cancelled, code_expired, birth_year_wrong (with `left`),
    not_registered, blocked, replaced."""
    with act() as session:
        invitation = _open(code, at)
        if invitation.card_id is None:
            raise Refused("code_unknown")
        card = session.get(Card, invitation.card_id)
        refused = rules.refused_state(card.state)
        if refused is not None:
            raise Refused(refused)
        right = card.birth_year == birth_year
        if right:
            invitation.used_at = at
        else:
            invitation.tries += 1
        journal.write("holder:letter:used" if right else "holder:letter:missed", at=at, card_id=card.id)
        card_id, left = card.id, TRIES - invitation.tries
    # Said after the commit: a refusal inside the act would undo the count.
    if not right:
        raise Refused("birth_year_wrong" if left else "code_cancelled", left=left)
    return int(card_id)


@dataclass(frozen=True)
class Enrolled:
    """A gate that was just made."""

    gate_id: int
    venue_name: str


def enrol_gate(code: str, name: str, *, at: datetime) -> Enrolled:
    """Make this phone a gate of the code's venue. Raises Refused like `redeem_letter`."""
    with act() as session:
        invitation = _open(code, at)
        if invitation.venue_id is None:
            raise Refused("code_unknown")
        invitation.used_at = at
        gate = Gate(venue_id=invitation.venue_id, name=name, made_at=at)
        session.add(gate)
        session.flush()
        venue = session.get(Venue, invitation.venue_id)
        journal.write("gate:gate:enrolled", at=at, venue_id=venue.id, gate=gate.id)
        return Enrolled(gate.id, venue.name_fi)


def redeem_staff(code: str, *, at: datetime) -> int:
    """Use a member of staff's invitation once; returns the account's id. Raises Refused like `redeem_letter`."""
    with act() as session:
        invitation = _open(code, at)
        account = session.get(Account, invitation.account_id) if invitation.account_id else None
        if account is None or account.left_at is not None:
            raise Refused("code_unknown")
        invitation.used_at = at
        journal.write("staff:invitation:used", at=at, account=account.id)
        return int(account.id)
