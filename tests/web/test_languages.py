"""The language that a reader chose stays, also where the page leads on at once."""

from flask import Flask

from tests.house.asking import ask
from tests.people import People


def test_a_choice_is_remembered_by_a_page_that_leads_on(app: Flask, people: People) -> None:
    answer = ask(app.test_client(), "GET", "/card?lang=sv", base_url="http://localhost")
    assert answer.status_code == 302
    assert "language=sv" in answer.headers["Set-Cookie"]


def test_a_language_that_is_none_is_nothing(app: Flask) -> None:
    answer = ask(app.test_client(), "GET", "/sign-in?lang=xx", base_url="http://localhost")
    assert answer.headers["Content-Language"] == "fi"
    assert not [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("language=")]
