"""The vectors once more, in a real Chromium. Missed otherwise: what its WebCrypto does otherwise than Node's, which the
JavaScript tests run on."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from wallet.codes import sign_credential, verify
from wallet.codes.days import step_at

from .conftest import AT

SCRIPTS = Path(__file__).parents[2] / "static" / "js" / "codes"
ORIGIN = "https://kortti.example.org"

CHECK = """async ({ codes, keys }) => {
  const { keyMap, verify } = await import("/verify.js");
  const answers = codes.map(({ text, at, window: [early, late], deployment }) =>
    verify(text, { keys: keyMap(keys), deployment, at: Date.parse(at), window: { early, late } }).then(
      () => null,
      (refusal) => refusal.reason ?? String(refusal),
    ),
  );
  return Promise.all(answers);
}"""

MAKE_KEY = """async () => {
  const { compressedPoint, generatePhoneKey } = await import("/phoneKey.js");
  window.pair = await generatePhoneKey();
  return Array.from(await compressedPoint(window.pair.publicKey));
}"""

SHOW = """async ({ credential, deployment, step }) => {
  const { mintPhone } = await import("/mint.js");
  const { privateKey } = window.pair;
  return mintPhone({ credential: Uint8Array.from(credential), privateKey, deployment, step, party: 0x21 });
}"""


@pytest.fixture(scope="module")
def page():
    """A page of the service's origin, which nothing but these scripts answers: WebCrypto needs a secure context."""

    def answer(route):
        name = urlsplit(route.request.url).path.lstrip("/")
        if name:
            body = (SCRIPTS / name).read_text(encoding="utf-8")
            route.fulfill(content_type="text/javascript; charset=utf-8", body=body)
        else:
            route.fulfill(content_type="text/html", body="<!doctype html><title>codes</title>")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/*", answer)
        page.goto(ORIGIN)
        yield page
        browser.close()


@pytest.mark.browser
def test_every_vector(page, vectors):
    # Lone surrogates do not survive the way to the browser; no scanner makes them either.
    codes = [case for case in vectors["codes"] if case["text"].isprintable() or case["text"].isascii()]
    answers = page.evaluate(CHECK, {"codes": codes, "keys": vectors["keys"]})
    assert dict(zip([case["name"] for case in codes], answers, strict=True)) == {
        case["name"]: case["reason"] for case in codes
    }
    assert len(codes) > 200


@pytest.mark.browser
def test_what_a_browser_shows_is_accepted(page, issuer):
    point = bytes(page.evaluate(MAKE_KEY))
    credential = sign_credential(issuer.claims, point, issuer.keyring.signing("C1"), issuer.deployment)
    for step in range(step_at(AT), step_at(AT) + 3):
        told = {"credential": list(credential), "deployment": issuer.deployment, "step": step}
        code = verify(page.evaluate(SHOW, told), issuer.keyring, issuer.deployment, AT)
        assert (code.step, code.party_children, code.party_assistants) == (step, 1, 2)
