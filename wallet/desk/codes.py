"""The codes that the desk shows and prints: what one says of its card, and its symbol."""

from markupsafe import Markup

from wallet.codes import Claims, svg
from wallet.codes.days import number_of_day
from wallet.codes.token import COMMUNITY, PERSONAL
from wallet.register.credentials import Issued


def claims(issued: Issued) -> Claims:
    """What the code of a card says of it (CODES.md, "Bytes")."""
    return Claims(
        credential=issued.credential,
        issued_day=number_of_day(issued.first_day),
        last_day=number_of_day(issued.last_day),
        kind=COMMUNITY if issued.kind == "community" else PERSONAL,
        children=issued.children,
        birth_year=issued.birth_year,
    )


def symbol(text: str) -> Markup:
    """A code's text as a QR symbol for a page."""
    return Markup(svg(text))  # noqa: S704 - our own symbol, made of digits and path letters
