"""The vectors of the codes once more, in a real Chromium. Missed otherwise: what its WebCrypto does otherwise than
Node's, which the JavaScript tests run on."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from wallet.codes import Claims, load, sign_credential, verify
from wallet.codes.days import step_at
from wallet.codes.keys import new

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "static" / "js" / "codes"
VECTORS = json.loads((ROOT / "tests" / "codes" / "vectors.json").read_text(encoding="ascii"))
DEPLOYMENT = "kortti.example.org"
AT = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)

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
def page(launch):
    """A page of the service's origin, which nothing but these scripts answers: WebCrypto needs a secure context."""

    def answer(route):
        name = urlsplit(route.request.url).path.lstrip("/")
        if name:
            body = (SCRIPTS / name).read_text(encoding="utf-8")
            route.fulfill(content_type="text/javascript; charset=utf-8", body=body)
        else:
            route.fulfill(content_type="text/html", body="<!doctype html><title>codes</title>")

    with launch() as browser:
        page = browser.new_page()
        page.route("**/*", answer)
        page.goto(f"https://{DEPLOYMENT}")
        yield page


@pytest.mark.browser
def test_every_vector(page):
    # Lone surrogates do not survive the way to the browser; no scanner makes them either.
    codes = [case for case in VECTORS["codes"] if case["text"].isprintable() or case["text"].isascii()]
    answers = page.evaluate(CHECK, {"codes": codes, "keys": VECTORS["keys"]})
    assert dict(zip([case["name"] for case in codes], answers, strict=True)) == {
        case["name"]: case["reason"] for case in codes
    }
    assert len(codes) > 200


@pytest.mark.browser
def test_what_a_browser_shows_is_accepted(page):
    keyring = load(json.dumps({"keys": [new("C1", AT)]}))
    claims = Claims(b"\x01\x02\x03\x04\x05", issued_day=2312, last_day=2339, kind=1, children=3, birth_year=1984)
    point = bytes(page.evaluate(MAKE_KEY))
    credential = sign_credential(claims, point, keyring.signing("C1"), DEPLOYMENT)
    for step in range(step_at(AT), step_at(AT) + 3):
        told = {"credential": list(credential), "deployment": DEPLOYMENT, "step": step}
        code = verify(page.evaluate(SHOW, told), keyring, DEPLOYMENT, AT)
        assert (code.step, code.party_children, code.party_assistants) == (step, 1, 2)
