"""Chromium for the tests that need a real browser: Debian's own, with nothing fetched from anywhere."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def playwright():
    """The one Playwright of the run: a second one in the same thread is refused."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def launch(playwright):
    """Start Chromium with further flags; closed at the end of the ``with``."""

    def start(*flags):
        return playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *flags])

    return start
