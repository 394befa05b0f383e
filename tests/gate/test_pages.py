"""The gate's pages as the server sends them.

If these fail, staff see another venue's evening, meet a refusal without words, or can't take back a mistake.
"""

import json
import re
from datetime import timedelta

import html5lib
import pytest
import time_machine
from sqlalchemy import update

from tests.gate.doors import Door, scan
from tests.gate.reasons import OF_GROUPS, WALLET, heard
from tests.people import gate_at
from wallet.clock import now
from wallet.register import blocking, venues
from wallet.register.database import act
from wallet.register.tables import Venue


def tree(html):
    """The page, read as browsers do; a fault of the markup is an error."""
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    return parser.parse(html)


def sayings(html):
    """What the script may say: id → sentence."""
    (words,) = [each for each in tree(html).iter("template") if each.get("id") == "words"]
    lines = [line for line in "".join(words.itertext()).split("\n") if line]
    return dict(line.split(": ", 1) for line in lines)


def facts(html):
    """What the script knows of its gate."""
    return json.loads(tree(html).find(".//main").get("data-facts"))


def own_only(person, path):
    """Someone who is no gate is sent to where phones become one."""
    answer = person.ask(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/gate/enrol")


@pytest.mark.parametrize("path", ["/gate", "/gate/today"])
def test_only_an_enrolled_gate_sees_them(app, people, path):
    own_only(Door(app, None), path)
    own_only(Door(app, people.holder, "holder"), path)
    own_only(Door(app, people.support, "staff"), path)
    answer = Door(app, people.gate).ask(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/gate", "/gate/today"])
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_they_have_each_language_and_nothing_inline(door, path, language):
    page = door.ask(f"{path}?lang={language}")
    root = tree(page.text)
    assert root.get("lang") == language
    assert not [each for each in root.iter() if each.get("style") or any(name.startswith("on") for name in each.attrib)]
    assert all(script.get("src") for script in root.iter("script"))
    assert not list(root.iter("style"))
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert len(list(root.iter("h1"))) == 1


# The check page


def test_it_says_what_it_cannot_do_without_javascript(door):
    said = re.search(r"<noscript><div.*?</noscript>", door.ask("/gate?lang=en").text, re.DOTALL)[0]
    assert "JavaScript" in said
    assert "paper form" in said


def test_it_offers_its_own_venues_events_with_what_is_left(door):
    start, end = now(), now() + timedelta(hours=2)
    venues.add_event("museo", "Museoilta", start, end, by=None, at=now(), ceiling=12)
    venues.add_event("teatteri", "Ensi-ilta", start, end, by=None, at=now())
    venues.add_event("museo", "Vanha", start - timedelta(days=2), end - timedelta(days=2), by=None, at=now())
    [event] = facts(door.ask("/gate").text)["events"]
    assert (event["name"], event["left"]) == ("Museoilta", 12)


@pytest.mark.parametrize(
    ("offers", "told"),
    [
        ({"offers_ticket": True}, ["ticket"]),
        ({"offers_ticket": False, "offers_course": True}, ["course"]),
        ({"offers_course": True, "offers_season": True}, ["ticket", "course", "season"]),
    ],
)
def test_the_page_is_told_what_its_venue_offers(door, offers, told):
    with act() as session:
        session.execute(update(Venue).where(Venue.id == "museo").values(**offers))
    assert facts(door.ask("/gate").text)["offers"] == told


def test_the_shell_holds_nothing_of_any_gate(app, door):
    """It is kept by phones, also after they were signed out."""
    shell = Door(app, None).ask("/gate/offline?lang=en").text
    main = tree(shell).find(".//main")
    assert main.get("data-facts") is None
    assert "csrf" not in shell
    own = facts(door.ask("/gate").text)
    assert not [said for said in (own["venue"], own["names"]["fi"], own["gate_name"]) if said in shell]
    assert sayings(shell) == sayings(door.ask("/gate?lang=en").text), "it speaks without a connection too"


def test_a_page_that_came_without_a_connection_asks_whose_gate_it_is(app, people, door):
    told = door.ask("/gate/facts", headers={"Accept": "application/json"}).json
    assert told["venue"] == "museo"
    assert set(told) == set(facts(door.ask("/gate").text))
    stranger = Door(app, None).ask("/gate/facts", headers={"Accept": "application/json"})
    assert (stranger.status_code, stranger.json) == (401, {"error": "signed_out"})


def test_every_reason_a_gate_can_hear_has_a_headline_and_what_to_do_next(door):
    reasons = heard() | OF_GROUPS | {"unreadable_record"}
    for language in ("fi", "sv", "en"):
        said = sayings(door.ask(f"/gate?lang={language}").text)
        assert not [id for id in reasons if not said.get(f"reason.{id}") or not said.get(f"reason.{id}.next")]


def test_every_note_and_camera_state_has_words(door):
    said = sayings(door.ask("/gate").text)
    source = (WALLET / "register" / "rules.py").read_text(encoding="utf-8")
    notes = {*re.findall(r'found\.append\("(\w+)"\)', source), "other_venue_lately", "list_old"}
    assert len(notes) == 9
    offline = (WALLET.parent / "static/js/gate/offline.js").read_text(encoding="utf-8")
    unsure = {*re.findall(r'unsure \?*= "(\w+)"', offline)}
    assert unsure == {"number", "no_list", "clock", "unknown_key", "list_stale"}
    camera = (WALLET.parent / "static/js/scan/camera.js").read_text(encoding="utf-8")
    states = {*re.findall(r'tell\("(\w+)"\)', camera), *re.findall(r'Error: "(\w+)"', camera), "blocked_by_policy"}
    assert {"denied", "stalled", "tap_to_play"} <= states
    states -= {"live", "paused"}
    missing = [note for note in notes if not said.get(f"note.{note}.next")]
    missing += [reason for reason in unsure if not said.get(f"unsure.{reason}")]
    missing += [state for state in states if not said.get(f"camera.{state}")]
    assert missing == []


# Today


def test_what_came_late_and_did_not_fit_is_told_in_plain_words(app, people, door, phone, visitor):
    at = now() - timedelta(minutes=30)
    door.record(scan(phone.code(at=at), at=at))
    Door(app, gate_at("museo", "Takaovi")).record(scan(phone.code(at=at + timedelta(seconds=15)), at=at))
    let_in = scan(visitor.code(at=at), at=at)
    blocking.block_card(people.other_holder.card_id, "lost", by=people.desk, at=now())
    door.record(let_in, scan(visitor.code(at=at, host="kokeilu.example.org"), at=at))
    root = tree(door.ask("/gate/today?lang=en").text)
    section = next(each for each in root.iter("section") if each.get("aria-labelledby") == "late-title")
    lines = [" ".join("".join(each.itertext()).split()) for each in section.iter("li")]
    assert len(lines) == 3
    forged, blocked, second = lines
    assert "The code did not hold" in forged
    assert "Not counted" in forged
    assert "The card had been closed" in blocked
    assert "Not counted" not in blocked
    assert "Recorded at another gate already" in second
    assert "Takaovi" in second
    assert "late-title" not in Door(app, people.other_gate).ask("/gate/today").text


def test_today_is_empty_before_the_first(door):
    page = door.ask("/gate/today?lang=en").text
    assert "Nothing is recorded yet" in page
    assert "0 visits" in page


def test_today_lists_its_own_venues_uses_and_lets_a_gate_undo_its_own(app, door, other_door, phone, visitor):
    other_door.record(scan(visitor.code()))
    second = Door(app, gate_at("museo", "Ovi 2"))
    door.record(scan(phone.code(), children=1))
    second.record(scan(visitor.code(at=now() + timedelta(seconds=15))))
    page = door.ask("/gate/today?lang=en").text
    root = tree(page)
    rows = ["".join(each.itertext()) for each in root.iter("li") if "Ovi" in "".join(each.itertext())]
    assert len(rows) == 2
    assert "Ovi 2" in rows[0]
    assert "1 adult + 1 child" in rows[1]
    forms = [each for each in root.iter("form") if "/undo" in each.get("action", "")]
    assert len(forms) == 1, "only its own"

    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    action = forms[0].get("action")
    done = door.ask(action, method="POST", data={"csrf_token": token})
    assert (done.status_code, done.headers["Location"]) == (302, "/gate/today?said=undone")
    after = door.ask(done.headers["Location"] + "&lang=en").text
    assert 'id="said"' in after
    assert "<s>" in after
    assert "undone at" in after
    assert "1 visit<" in after or "1 visit " in after
    again = door.ask(action, method="POST", data={"csrf_token": token})
    assert again.headers["Location"].endswith("said=undone_already")


def test_undo_is_offered_for_fifteen_minutes(door, phone):
    door.record(scan(phone.code()))
    assert "/undo" in door.ask("/gate/today").text
    with time_machine.travel(now() + timedelta(minutes=15, seconds=5)):
        assert "/undo" not in door.ask("/gate/today").text


def test_undoing_needs_the_pages_token(door, phone):
    (answer,) = door.record(scan(phone.code()))
    stale = door.ask(f"/gate/uses/{answer['facts']['use_id']}/undo", method="POST", data={"csrf_token": "made up"})
    assert stale.status_code == 400
    assert "<s>" not in door.ask("/gate/today").text


@pytest.mark.parametrize("said", ["undo_too_late", "use_not_found", "<script>", "anything"])
def test_a_result_that_nobody_gives_is_not_shown(door, said):
    shown = 'id="said"' in door.ask("/gate/today", query_string={"said": said}).text
    assert shown is (said in ("undo_too_late", "use_not_found"))
