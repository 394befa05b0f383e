"""Staff accounts and their roles: a name, a work e-mail, and where a role holds."""

import secrets
import unicodedata
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from wallet.register import journal
from wallet.register.database import act, db
from wallet.register.errors import Refused
from wallet.register.identities import HeldRole, Who
from wallet.register.tables_staff import Account, Role


def folded_email(typed: str) -> str:
    """An address as accounts are looked up: no outer spaces, one case, the same on both databases."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


def add_account(name: str, email: str, roles: tuple[HeldRole, ...], *, by: Who | None, at: datetime) -> int:
    """A new member of staff; returns the account's id. Raises Refused("account_exists")."""
    try:
        with act() as session:
            account = Account(name=name, email=folded_email(email), user_handle=secrets.token_bytes(32), made_at=at)
            session.add(account)
            session.flush()
            for held in roles:
                session.add(
                    Role(
                        account_id=account.id,
                        role=held.role,
                        unit_id=held.unit_id,
                        venue_id=held.venue_id,
                        agent_id=held.agent_id,
                        area_id=held.area_id,
                        side=held.side,
                    )
                )
            journal.write("coordinator:account:made", at=at, by=by, account=account.id)
            return account.id
    except IntegrityError as error:
        raise Refused("account_exists") from error


def account_id(email: str) -> int | None:
    """The account of an address."""
    return db.session.scalar(select(Account.id).where(Account.email == folded_email(email)))


def leave(account_id: int, *, by: Who | None, at: datetime) -> None:
    """A member of staff has left: deactivated at the next request, never deleted from the journal."""
    with act() as session:
        session.execute(update(Account).where(Account.id == account_id).values(left_at=at))
        journal.write("coordinator:account:left", at=at, by=by, account=account_id)
