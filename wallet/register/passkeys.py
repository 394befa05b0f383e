"""Passkeys of holders and of staff: what py_webauthn verified, kept and looked up."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from wallet.register import cards, journal
from wallet.register.database import act, db, held
from wallet.register.errors import Refused
from wallet.register.identities import Holder, Staff
from wallet.register.tables import Card
from wallet.register.tables_signin import Passkey
from wallet.register.tables_staff import Account

OWN_LIMIT = 10


@dataclass(frozen=True)
class Owner:
    """Whose passkeys a ceremony makes: `label` is what the phone's own list of passkeys shows, never a name of a
    holder."""

    user_handle: bytes
    label: str
    credentials: tuple[bytes, ...]


@dataclass(frozen=True)
class KnownPasskey:
    """A stored passkey and its owner."""

    passkey_id: int
    public_key: bytes
    sign_count: int
    user_handle: bytes
    card_id: int | None
    account_id: int | None


def owner(by: Holder | Staff) -> Owner:
    """The owner that a new passkey will belong to."""
    if isinstance(by, Holder):
        card = db.session.get_one(Card, by.card_id)
        mine = select(Passkey.credential).where(Passkey.card_id == card.id)
        handle, label = card.user_handle, f"Kaikukortti …{card.number[-4:]}"
    else:
        account = db.session.get_one(Account, by.account_id)
        mine = select(Passkey.credential).where(Passkey.account_id == account.id)
        handle, label = account.user_handle, account.email
    return Owner(handle, label, tuple(db.session.scalars(mine)))


def add(by: Holder | Staff, credential: bytes, public_key: bytes, sign_count: int, *, at: datetime) -> None:
    """Keep a new passkey. Raises Refused("passkey_known") where it exists, "passkeys_too_many" past ten."""
    card_id = by.card_id if isinstance(by, Holder) else None
    account_id = by.account_id if isinstance(by, Staff) else None
    try:
        with act() as session:
            if card_id is not None:
                cards.hold(card_id)
            mine = select(Passkey.id).where(
                Passkey.card_id == card_id if card_id is not None else Passkey.account_id == account_id
            )
            if len(session.scalars(mine).all()) >= OWN_LIMIT:
                raise Refused("passkeys_too_many")
            session.add(
                Passkey(
                    credential=credential,
                    public_key=public_key,
                    sign_count=sign_count,
                    card_id=card_id,
                    account_id=account_id,
                    made_at=at,
                )
            )
            journal.write("signin:passkey:made", at=at, by=by, card_id=card_id)
    except IntegrityError as error:
        raise Refused("passkey_known") from error


def find(credential: bytes) -> KnownPasskey | None:
    """The passkey with this credential id."""
    row = db.session.execute(
        select(Passkey, Card.user_handle, Account.user_handle)
        .outerjoin(Card, Card.id == Passkey.card_id)
        .outerjoin(Account, Account.id == Passkey.account_id)
        .where(Passkey.credential == credential)
    ).one_or_none()
    if row is None:
        return None
    passkey, of_card, of_account = row
    return KnownPasskey(
        passkey.id,
        passkey.public_key,
        passkey.sign_count,
        of_card or of_account,
        passkey.card_id,
        passkey.account_id,
    )


def used(passkey_id: int, sign_count: int, *, at: datetime, challenged_at: datetime | None = None) -> None:
    """Note a sign-in. Synced passkeys always count 0; a count that falls is a copy at work.

    Raises Refused("passkey_copied") where a counting passkey did not count up, "passkey_stale" where the challenge
    was made before the last sign-in: an answer that was seen already, with the cookie that it came with."""
    with act() as session:
        passkey = session.scalars(held(select(Passkey).where(Passkey.id == passkey_id))).one()
        if challenged_at is not None and passkey.used_at is not None and challenged_at < passkey.used_at:
            raise Refused("passkey_stale")
        stored = passkey.sign_count
        fell = sign_count <= stored and (sign_count, stored) != (0, 0)
        if fell:
            journal.write("signin:passkey:copied", at=at, card_id=passkey.card_id, stored=stored, seen=sign_count)
        else:
            passkey.sign_count, passkey.used_at = sign_count, at
    if fell:
        raise Refused("passkey_copied")
