"""Whom a limit counts. If this fails, a guesser with one IPv6 line has as many tries as it has addresses."""

import pytest
from flask import Flask

from wallet.web import limits


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_household_is_counted_as_one(given: str, counted: str) -> None:
    with Flask(__name__).test_request_context(environ_base={"REMOTE_ADDR": given}):
        assert limits.address() == counted
