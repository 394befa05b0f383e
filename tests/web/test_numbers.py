"""Numbers in addresses. If this fails, an address that somebody typed is a broken page instead of none."""

import re

import pytest
from flask import Flask

from tests.house.asking import ask
from wallet.web.numbers import LARGEST_ID


@pytest.mark.usefixtures("people")
def test_no_address_has_a_number_that_no_row_can_have(app: Flask) -> None:
    tried = 0
    for rule in app.url_map.iter_rules():
        if "<int:" not in rule.rule:
            continue
        method = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})[0]
        filled = re.sub(r"<int:[^>]*>", "{}", re.sub(r"<(?!int)[^>]*>", "x", rule.rule))
        for number in (LARGEST_ID + 1, 10**40):
            answer = ask(app.test_client(), method, filled.replace("{}", str(number)))
            assert answer.status_code in (404, 405), rule.rule  # 405: the words of another rule fit
            tried += 1
        assert ask(app.test_client(), method, filled.replace("{}", str(LARGEST_ID))).status_code < 500
    assert tried > 2
