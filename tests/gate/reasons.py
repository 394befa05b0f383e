"""Every reason that a gate or a system can hear, read from the source: one that is added there needs words."""

import ast
from collections.abc import Iterator
from pathlib import Path

WALLET = Path(__file__).parents[2] / "wallet"
# What rules.py says of child tickets and of giving a card; no scan is answered so.
NOT_OF_SCANS = {"valid", "area_ended"}
# No `return`, no call has these as they are: a card's states, and what is told with more facts.
HANDED_ON = {
    "blocked", "replaced", "mistyped_number", "unknown_number", "used_elsewhere", "already_recorded", "old_code",
}  # fmt: skip

# A group's own (register/groups.py, static/js/gate/group.js).
OF_GROUPS = {"group_part_refused", "group_needs_community", "group_one_community", "already_in_group", "group_full"}


def heard() -> set[str]:
    """The reasons of a single scan."""
    found = {*_called("codes/token.py", "CodeRefused"), *_called("register/judging.py", "red"), *HANDED_ON}
    for path in ("register/rules.py", "register/judging.py", "register/entries.py"):
        found |= {*_returned(path)}
    assert {"forged", "gate_paused", "card_expired", "too_many_children", *NOT_OF_SCANS} <= found, "the source was read"
    return found - NOT_OF_SCANS


def _called(path: str, function: str) -> Iterator[str]:
    """The strings that a function of the source is called with, first arguments only."""
    for node in _nodes(path):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function and node.args:
            yield from _text(node.args[0])


def _returned(path: str) -> Iterator[str]:
    """The strings that functions of the source return as they are, or first of a pair."""
    for node in _nodes(path):
        if isinstance(node, ast.Return) and node.value is not None:
            yield from _text(node.value.elts[0] if isinstance(node.value, ast.Tuple) else node.value)


def _nodes(path: str) -> Iterator[ast.AST]:
    return ast.walk(ast.parse((WALLET / path).read_text(encoding="utf-8")))


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
