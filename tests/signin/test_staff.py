"""Staff: the first sign-in by invitation, the pages of each role, and the end of the working day."""

from datetime import timedelta

import pytest
import time_machine

from tests.web.page import Page
from wallet.clock import now
from wallet.register import accounts, invitations
from wallet.register.identities import HeldRole

ROOMS = {"/desk": ("desk", "other_desk"), "/coordinator": ("coordinator", "support")}


@pytest.mark.parametrize("path", ["/staff", "/staff/passkey", "/desk", "/coordinator"])
def test_who_may_not(app, people, path):
    for who in (None, people.holder, people.gate):
        assert Page(app, who).request(path).headers["Location"] == "/staff/sign-in", who
    for name in ("desk", "other_desk", "coordinator", "support"):
        allowed = path not in ROOMS or name in ROOMS[path]
        Page(app, getattr(people, name)).open(path, status=200 if allowed else 403)


def test_an_invitation_a_passkey_or_not_now(app, people):
    code = invitations.invite_account(people.desk.account_id, by=None, at=now())
    page = Page(app).open("/staff/start")
    page.submit({"Code": "K7QF"})
    assert page.error("Code").startswith("The code has 12 letters and digits")
    page.submit({"Code": code.lower()})
    assert page.path == "/staff/passkey"
    page.follow("Not now")
    assert (page.path, page.heading) == ("/staff", "Your work with the card")
    assert "used already" in Page(app).open("/staff/start").submit({"Code": code}).refusal()


def test_an_invitation_ends_after_a_week_and_with_the_account(app, people):
    code = invitations.invite_account(people.desk.account_id, by=None, at=now())
    with time_machine.travel(now() + timedelta(days=8)):
        page = Page(app).open("/staff/start").submit({"Code": code})
        assert page.refusal().startswith("This code was not used in time.")
    accounts.leave(people.desk.account_id, by=None, at=now())
    assert Page(app).open("/staff/start").submit({"Code": code}).refusal().startswith("We don't know this code.")


def test_each_sees_its_own(app, people):
    assert "Sosiaalityö" in Page(app, people.desk).open("/desk").text
    assert "Diakonia" not in Page(app, people.desk).open("/desk").text
    coordinator = Page(app, people.coordinator).open("/coordinator").text
    assert "Tampere" in coordinator
    assert "Nokia" not in coordinator
    assert "Nokia" in Page(app, people.support).open("/coordinator").text


def test_the_home_page_leads_where_each_role_may_go(app, people):
    for name, path in (("desk", "/desk"), ("coordinator", "/coordinator"), ("support", "/coordinator")):
        page = Page(app, getattr(people, name)).open("/staff")
        rooms = [link for link in page.links() if link in ROOMS]
        assert rooms == [path], name
        page.open(path)


def test_without_a_role_there_is_a_sentence_and_nothing_else(app, people):
    account = accounts.add_account("New", "new@example.org", (), by=None, at=now())
    code = invitations.invite_account(account, by=None, at=now())
    page = Page(app).open("/staff/start").submit({"Code": code}).open("/staff")
    assert "You have no role yet" in page.text
    page.open("/desk", status=403)
    page.open("/coordinator", status=403)


def test_a_role_leads_to_its_room_and_none_is_no_empty_list(app, people):
    for roles, lists in (((HeldRole("venue", venue_id="museo"),), 1), ((), 0)):
        account = accounts.add_account("V", f"v{lists}@example.org", roles, by=None, at=now())
        code = invitations.invite_account(account, by=None, at=now())
        page = Page(app).open("/staff/start").submit({"Code": code}).open("/staff")
        assert len([one for one in page.all("ul") if one.get("aria-label") == "What you can do"]) == lists
        assert len([one for one in page.all("a") if one.get("href") == "/office"]) == lists


def test_two_idle_hours_and_twelve_in_all(app, people):
    with time_machine.travel(now(), tick=False) as clock:
        page = Page(app).open("/staff/start")
        page.submit({"Code": invitations.invite_account(people.desk.account_id, by=None, at=now())})
        clock.shift(timedelta(hours=1, minutes=59))
        assert page.open("/staff").path == "/staff"
        clock.shift(timedelta(hours=2))
        assert page.open("/staff").path == "/staff/sign-in", "idle for two hours"
        assert page.open("/staff").path == "/staff/sign-in"

        page.open("/staff/start")
        page.submit({"Code": invitations.invite_account(people.desk.account_id, by=None, at=now())})
        for _ in range(11):
            clock.shift(timedelta(hours=1, minutes=5))
            assert page.open("/staff").path == "/staff", "busy"
        clock.shift(timedelta(minutes=5))
        assert page.open("/staff").path == "/staff/sign-in", "twelve hours are over"
