"""How often a system may ask. If one of these fails, one till slows down all gates, or a neighbour shuts a till out."""

import pytest

from tests.api.system import System, problem
from tests.people import People

ALLOWED = 600  # a minute, of one token
WRONG = 120  # a minute, of one address


@pytest.mark.usefixtures("people")
def test_wrong_tokens_are_counted_by_address_and_right_ones_are_not_turned_away(
    stranger: System, museum: System
) -> None:
    """A till behind the same address as a program that was set up badly still sells its tickets."""
    wrong = {"Authorization": "Bearer kk_" + "a" * 32}
    told = {problem(stranger.get("/venues", headers=wrong)) for _ in range(WRONG)}
    assert told == {(401, "token_unknown")}
    for headers in (wrong, {}):
        stopped = stranger.get("/venues", headers=headers)
        assert problem(stopped) == (429, "too_many")
        assert stopped.headers["Retry-After"] == "60"
    assert museum.get("/venues").status_code == 200
    elsewhere = stranger.get("/venues", headers=wrong, environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
    assert elsewhere.status_code == 401


def test_a_token_has_its_own_allowance(museum: System, theatre: System, people: People) -> None:
    """Counted over all it asks, whatever comes of it."""
    for _ in range(ALLOWED // 2):
        assert museum.get("/venues").status_code == 200
        assert museum.get("/venues/nowhere/events").status_code == 404
    for stopped in (museum.get("/venues"), museum.check(number="12"), museum.undo(1)):
        assert problem(stopped) == (429, "too_many")
        assert stopped.headers["Retry-After"] == "60"
    assert theatre.get("/venues").status_code == 200
