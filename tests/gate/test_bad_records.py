"""One bad record in a gate's queue is answered on its own, and the good ones beside it are recorded."""

import pytest

from tests.gate.doors import scan
from tests.gate.test_uses_endpoint import uses_there

JUNK = [None, True, -1, 10**30, 1e300, "", "²", "\x00", "a\x00b", "\ud800", "9" * 5000, [], {}]
FIELDS = ["scan_id", "scanned_at", "code", "number", "kind", "children", "assistants", "event", "another"]


@pytest.mark.parametrize("field", FIELDS)
def test_whatever_stands_in_a_field(door, phone, field):
    door.open()
    good = scan(phone.code())
    bad = [scan(phone.code()) | {field: junk} for junk in JUNK]
    answer = door.post("/gate/uses", {"records": [*bad, good, *JUNK]})
    assert answer.status_code == 200
    told = answer.json["answers"]
    assert len(told) == len(bad) + 1 + len(JUNK)
    assert all(one["verdict"] in ("green", "amber", "neutral", "red") for one in told)
    assert len(uses_there()) == 1, "one showing of the card is one use"
    for one in bad:
        assert door.post("/gate/check", {"record": one}).status_code < 500
