"""Numbers in addresses: `<int:card_id>` takes what a row's id can be. Anything larger is no address of ours, where a
database would break on it."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**63 - 1


class IdConverter(IntegerConverter):
    """Werkzeug's own, with an end."""

    def __init__(self, map: Map, *given: Any, **more: Any) -> None:
        super().__init__(map, *given, **({"max": LARGEST_ID} | more))


def init(app: Flask) -> None:
    """For every room; so before any is registered."""
    app.url_map.converters["int"] = IdConverter
