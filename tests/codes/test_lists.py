"""The gates' signed list: what is in it, and every way in which it is not to be used."""

import base64
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wallet.codes import Keyring, keys, lists
from wallet.codes.keys import KeyFileError, compress

HOST = "kortti.example.org"
AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
IDS = [bytes([9, 0, 0, 0, 1]), bytes([1, 2, 3, 4, 5]), bytes([1, 2, 3, 4, 5])]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def ring() -> Keyring:
    made = Keyring()
    for kind in keys.KEY_TYPES:
        made = keys.add(made, keys.new(kind, AT, [key.kid for key in made.keys]))
    return made


def test_what_was_published_is_read(ring):
    found = lists.read(lists.publish(7, AT, IDS, ring, HOST), ring, HOST)
    assert (found.number, found.issued, found.next_update) == (7, AT, AT + timedelta(minutes=15))
    assert found.withdrawn == {IDS[0], IDS[1]}
    assert [key["type"] for key in found.keys] == ["C1", "C2", "C3"]
    assert "private" not in json.dumps(found.keys)


def test_ids_are_sorted_and_five_bytes_each(ring):
    outer = json.loads(lists.publish(1, AT, IDS, ring, HOST))
    body = json.loads(base64.urlsafe_b64decode(outer["body"] + "=="))
    assert base64.urlsafe_b64decode(body["withdrawn"] + "==") == IDS[1] + IDS[0]


def changed(text, **fields):
    return json.dumps(json.loads(text) | fields)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: "", "unreadable"),
        (lambda text: "[]", "unreadable"),
        (lambda text: changed(text, body=5), "unreadable"),
        (lambda text: changed(text, body="ä"), "unreadable"),
        (lambda text: changed(text, body="%%%%"), "unreadable"),
        (lambda text: changed(text, kid=0), "unknown_key"),
        (lambda text: changed(text, signature="AA"), "forged"),
        (lambda text: changed(text, body=json.loads(text)["body"][:-4]), "forged"),
    ],
)
def test_what_is_not_a_list_is_not_read(ring, change, reason):
    with pytest.raises(lists.ListRefused) as refused:
        lists.read(change(lists.publish(7, AT, IDS, ring, HOST)), ring, HOST)
    assert refused.value.reason == reason


def test_another_deployments_list_is_worthless(ring):
    with pytest.raises(lists.ListRefused) as refused:
        lists.read(lists.publish(7, AT, IDS, ring, "test.example.org"), ring, HOST)
    assert refused.value.reason == "forged"


def test_a_withdrawn_list_key_signs_nothing(ring):
    key = ring.signing("L1")
    text = lists.publish(7, AT, IDS, ring, HOST)
    without = keys.change(ring, "L1", key.kid, withdrawn=AT)
    with pytest.raises(lists.ListRefused) as refused:
        lists.read(text, without, HOST)
    assert refused.value.reason == "unknown_key"
    with pytest.raises(KeyFileError):
        lists.publish(8, AT, IDS, without, HOST)


def test_javascript_reads_the_same(ring, tmp_path):
    """The gate's own reader, on a list that Python signed: ids found and not found, age, rollback, forgery."""
    many = [number.to_bytes(5, "big") for number in range(0, 3000, 3)]
    text = lists.publish(7, AT, many, ring, HOST)
    key = ring.signing("L1")
    script = tmp_path / "read.mjs"
    script.write_text(
        f"""
import {{ ageOf, isWithdrawn, readList }} from {json.dumps((ROOT / "static/js/codes/list.js").as_uri())};
const [text, pinned, host] = {json.dumps([text, {str(key.kid): compress(key.public).hex()}, HOST])};
const why = (promise) => promise.then(() => null, (error) => error.reason);
const list = await readList(text, pinned, host, 7);
const id = (number) => Uint8Array.of(0, 0, 0, number >> 8, number & 255);
const day = 86400000;
console.log(JSON.stringify({{
  number: list.number, keys: [...list.keys.keys()].map((name) => name.slice(0, 2)),
  found: Array.from({{ length: 3000 }}, (_, number) => number).filter((number) => isWithdrawn(list, id(number))),
  ages: [1, day - 1, day + 1, 7 * day + 1].map((age) => ageOf(list, list.issued + age)),
  refused: [await why(readList(text, pinned, host, 8)), await why(readList("x", pinned, host)),
    await why(readList(text, {{}}, host)), await why(readList(text, pinned, "other.example.org"))],
}}));
""",
        encoding="utf-8",
    )
    said = json.loads(subprocess.run(["node", script], capture_output=True, text=True, check=True).stdout)
    assert said == {
        "number": 7,
        "keys": ["C1", "C2", "C3"],
        "found": list(range(0, 3000, 3)),
        "ages": ["fresh", "fresh", "amber", "stale"],
        "refused": ["older", "unreadable", "unknown_key", "forged"],
    }
