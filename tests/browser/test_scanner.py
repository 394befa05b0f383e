"""The gate's scanner in a real browser, behind the production's content policy.

If these fail, staff at a door stand before a black picture, or one code is told twice and the next is not.
"""

import io
import json
import re
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import segno
from PIL import Image, ImageFilter

from wallet.web.headers import CSP_GATE, permissions, policy

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT.parent / "shared" / "cases" / "scan_images"
TARGET = "es2022,chrome105,firefox110,safari16"
CSP = policy(CSP_GATE | {"report-uri": "/csp-report"})
TYPES = {".js": "text/javascript", ".wasm": "application/wasm", ".png": "image/png", ".jpg": "image/jpeg"}
TYPES |= {".webp": "image/webp"}
FAKE_UI = "--use-fake-ui-for-media-stream"
FAKE_CAMERA = "--use-fake-device-for-media-stream"

BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
CARD = "KP1:" + "".join(BASE45[(i * i * 7 + i * 3) % 45] for i in range(276))
OTHER_CARD = "KP1:" + "".join(BASE45[(i * i * 11 + i * 5 + 1) % 45] for i in range(276))
POSTER = "https://example.org/ohjelma?paiva=5"

pytestmark = pytest.mark.browser


def qr_image(text, scale=6):
    """A QR code with its border, as a grey Pillow image."""
    out = io.BytesIO()
    segno.make(text, error="M", micro=False, boost_error=False).save(out, kind="png", scale=scale, border=4)
    return Image.open(out).convert("L")


def png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def camera_frame(text, seed):
    """What a 720p camera sees: the code over 60 % of the height, askew, a little soft and grainy; or a bare wall."""
    wall = Image.linear_gradient("L").resize((1280, 720)).point(lambda grey: 90 + grey // 3)
    if text:
        code = qr_image(text, 8).resize((500, 500), Image.Resampling.BICUBIC)
        askew = code.rotate(4 + seed, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
        wall.paste(askew, (640 - askew.width // 2 + 15 * seed, 360 - askew.height // 2))
    soft = wall.filter(ImageFilter.GaussianBlur(1.2))
    grain = Image.effect_noise((1280, 720), 22)
    out = io.BytesIO()
    Image.blend(soft, grain, 0.12).convert("RGB").save(out, "JPEG", quality=88)
    return out.getvalue()


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """A file for Chromium's fake camera (30 pictures a second, for ever): two cards, a poster's address, nothing."""
    path = tmp_path_factory.mktemp("film") / "evening.mjpeg"
    with path.open("wb") as out:
        for text, seconds in ((CARD, 3), (OTHER_CARD, 2), (POSTER, 2), (None, 1)):
            frames = [camera_frame(text, seed) for seed in range(3)]
            for number in range(30 * seconds):
                out.write(frames[number % 3])
    return path


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The worker and the test page, bundled as the build does it; file name → bytes."""
    out = tmp_path_factory.mktemp("built")
    for source in ("static/js/scan/decoder.worker.js", "tests/browser/scanner_page.js"):
        options = ["--bundle", "--minify", "--format=esm", f"--target={TARGET}", f"--outdir={out}"]
        subprocess.run(["node_modules/.bin/esbuild", source, *options, "--log-level=warning"], cwd=ROOT, check=True)
    files = {path.name: path.read_bytes() for path in out.iterdir()}
    files["zxing_reader.wasm"] = (ROOT / "node_modules/zxing-wasm/dist/reader/zxing_reader.wasm").read_bytes()
    # A browser in iOS Lockdown Mode has no WebAssembly at all.
    files["no-wasm.worker.js"] = b"delete globalThis.WebAssembly;" + files["decoder.worker.js"]
    files["card.png"] = png(qr_image(CARD))
    return files


def page_html(worker):
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Scanner</title></head>'
        f'<body data-worker="/{worker}" data-wasm="/zxing_reader.wasm"><h1>Scanner</h1>'
        '<video width="320"></video><button>Record</button><input id="number" aria-label="Number">'
        '<script type="module" src="/scanner_page.js"></script></body></html>'
    ).encode()


@pytest.fixture(scope="session")
def site(built):
    """The scanner's page on a real HTTP server; ``reports`` collects what the browser says against the policy."""
    reports = []
    pages = {
        "/": page_html("decoder.worker.js"),
        "/policy": page_html("decoder.worker.js"),
        "/no-wasm": page_html("no-wasm.worker.js"),
        "/no-worker": page_html("missing.worker.js"),
        "/no-wasm-file": page_html("decoder.worker.js").replace(b"zxing_reader", b"missing"),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = Path(self.path).name
            if self.path in pages:
                body, kind = pages[self.path], "text/html; charset=utf-8"
            elif name in built:
                body, kind = built[name], TYPES[Path(name).suffix]
            elif self.path.startswith("/images/") and (IMAGES / name).is_file():
                body, kind = (IMAGES / name).read_bytes(), TYPES[Path(name).suffix]
            else:
                body, kind = b"", "text/plain"
            self.send_response(200 if body or self.path == "/favicon.ico" else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", CSP)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Permissions-Policy", permissions("holder" if self.path == "/policy" else "gate"))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            reports.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield SimpleNamespace(address=f"http://localhost:{server.server_port}", reports=reports)
    server.shutdown()
    thread.join()
    server.server_close()


# Counts what the page asks of the browser, before the page's own script runs.
COUNT = """
window.counts = {camera: 0, workers: 0, detector: 0, stopped: 0};
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wish) => { counts.camera++; window.wish = wish; return ask(wish); };
const stop = MediaStreamTrack.prototype.stop;
MediaStreamTrack.prototype.stop = function () { counts.stopped++; return stop.call(this); };
const RealWorker = Worker;
window.Worker = class extends RealWorker {
  constructor(...all) { super(...all); counts.workers++; window.lastWorker = this; }
  postMessage(message, ...rest) {
    if (window.deafen && message.frame) { window.deafen--; message.frame.close(); return; }
    super.postMessage(message, ...rest);
  }
};
Object.defineProperty(window, 'BarcodeDetector', {get() { counts.detector++; }});
"""


@contextmanager
def opened(browser, site, path="/", script="", problems=()):
    """The page, watched: at the end nothing may have broken the policy, complained, or asked another host.

    ``problems`` are patterns of complaints that the test brings about itself.
    """
    site.reports.clear()
    complaints, requests = [], []
    context = browser.new_context()
    context.add_init_script(COUNT + script)
    page = context.new_page()
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    context.on("request", lambda request: requests.append(request.url))
    page.goto(site.address + path)
    yield page
    detector = page.evaluate("counts.detector")
    context.close()
    assert site.reports == []
    assert [text for text in complaints if not any(re.search(known, text) for known in problems)] == []
    assert [url for url in requests if not url.startswith((site.address, "blob:"))] == []
    assert detector == 0, "the native BarcodeDetector is blind on many devices"


def states(page):
    return page.evaluate("log.states.map((entry) => entry.state)")


def texts(page):
    return page.evaluate("log.texts.map((entry) => entry.text)")


def wait_state(page, state, timeout=8000):
    page.wait_for_function("(state) => log.states.at(-1)?.state === state", arg=state, timeout=timeout)


def wait_texts(page, count, timeout=15000):
    page.wait_for_function("(count) => log.texts.length >= count", arg=count, timeout=timeout)


@pytest.fixture(scope="module")
def without_camera(launch):
    browser = launch(FAKE_UI)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def with_film(launch, film):
    browser = launch(FAKE_UI, FAKE_CAMERA, f"--use-file-for-fake-video-capture={film}")
    yield browser
    browser.close()


# Photos


@pytest.fixture
def photographs():
    if not IMAGES.is_dir():
        pytest.skip(f"the collection of scanned images is not beside the repository ({IMAGES.name})")
    images = json.loads((IMAGES / "manifest.json").read_text())["images"]
    passes = ("zxing-wasm native", "zxing-wasm 2x", "zxing-wasm global")
    return [(image, any(image["read_in_chromium"][name] for name in passes)) for image in images]


def test_photos_are_read(without_camera, site, photographs, capsys):
    with opened(without_camera, site) as page:
        read = {i["file"]: page.evaluate("readPhoto", f"/images/{i['file']}") for i, _ in photographs}
    expected = {image["file"]: image["text"] for image, readable in photographs if readable}
    assert len(expected) >= 11
    assert {name: read[name] for name in expected} == expected
    with capsys.disabled():
        for image, readable in photographs:
            if not readable:
                result = "read" if read[image["file"]] == image["text"] else f"not read ({read[image['file']]!r})"
                print(f"\n  beyond the collection's promise: {image['file']}: {result}", end="")


def test_a_large_photo_of_a_small_code_is_read(without_camera, site, built):
    """A 12-megapixel photo of a table with a phone on it; the code is a tenth of its height."""
    table = Image.effect_noise((4000, 3000), 20).point(lambda grey: grey // 2 + 60)
    table.paste(qr_image(CARD).resize((330, 330), Image.Resampling.BICUBIC), (2800, 300))
    out = io.BytesIO()
    table.filter(ImageFilter.GaussianBlur(0.8)).save(out, "JPEG", quality=85)
    built["table.jpg"] = out.getvalue()
    with opened(without_camera, site) as page:
        assert page.evaluate("readPhoto", "/table.jpg") == CARD


def test_a_photo_without_a_code_and_a_file_that_is_no_photo_are_nothing(without_camera, site, built):
    built["wall.png"] = png(Image.linear_gradient("L").resize((800, 600)))
    built["not-a-photo.png"] = b"%PDF-1.7"
    with opened(without_camera, site) as page:
        assert page.evaluate("readPhoto", "/wall.png") is None
        assert page.evaluate("readPhoto", "/not-a-photo.png") is None
        assert page.evaluate("readPhoto", "/card.png") == CARD


def test_without_webassembly_the_other_decoder_reads(without_camera, site):
    with opened(without_camera, site, "/no-wasm") as page:
        assert page.evaluate("readPhoto", "/card.png") == CARD
        assert page.evaluate("counts.workers") == 1


def test_webassembly_that_does_not_start_is_replaced_too(without_camera, site):
    with opened(
        without_camera, site, "/no-wasm-file", problems=["404", "wasm", "WebAssembly", "instantiation"]
    ) as page:
        assert page.evaluate("readPhoto", "/card.png") == CARD
        assert page.evaluate("counts.workers") == 1


def test_without_bitmaps_the_pixels_are_taken_on_the_page(with_film, site):
    with opened(with_film, site, script="window.createImageBitmap = async () => { throw new Error(); };") as page:
        page.evaluate("scanner.start()")
        wait_texts(page, 2)


def test_without_webassembly_the_camera_is_read_too(with_film, site):
    with opened(with_film, site, "/no-wasm") as page:
        page.evaluate("scanner.start()")
        page.wait_for_function(
            "(wanted) => wanted.every((text) => log.texts.some((seen) => seen.text === text))",
            arg=[CARD, OTHER_CARD, POSTER],
            timeout=20000,
        )


def test_the_bundle_has_no_native_detector(built):
    for name in ("decoder.worker.js", "scanner_page.js"):
        assert b"BarcodeDetector" not in built[name]


# The camera


def test_every_code_is_told_once_a_view(with_film, site):
    """Two cards, a plain address, a bare wall, again and again: each in its turn, the held one once, one camera."""
    with opened(with_film, site) as page:
        page.evaluate("scanner.start()")
        wait_texts(page, 7, timeout=30000)
        told = texts(page)
        assert page.evaluate("counts") == {"camera": 1, "workers": 1, "detector": 0, "stopped": 0}
        wish = page.evaluate("wish")
        attributes = page.evaluate(
            "['playsinline', 'muted', 'autoplay'].map((a) => document.querySelector('video').hasAttribute(a))"
        )
        shown = states(page)
    order = [CARD, OTHER_CARD, POSTER]
    first = order.index(told[0])
    assert told == [order[(first + step) % 3] for step in range(len(told))]
    assert shown[0] == "starting"
    assert shown[-1] == "live"
    assert attributes == [True, True, True]
    assert wish["video"]["facingMode"] == {"ideal": "environment"}
    assert (wish["video"]["width"], wish["video"]["height"]) == ({"ideal": 1920}, {"ideal": 1080})
    assert wish["audio"] is False


def test_forget_tells_the_held_code_again_and_pause_reads_nothing(with_film, site):
    with opened(with_film, site) as page:
        page.evaluate("scanner.start()")
        page.wait_for_function("(text) => log.texts.at(-1)?.text === text", arg=CARD, timeout=15000)
        before = len(texts(page))
        page.evaluate("scanner.forget()")
        wait_texts(page, before + 1, 2000)
        assert texts(page)[-2:] == [CARD, CARD]
        page.evaluate("scanner.pause()")
        assert states(page)[-1] == "paused"
        before = len(texts(page))
        page.wait_for_timeout(4000)
        assert len(texts(page)) == before
        page.evaluate("scanner.resume()")
        assert states(page)[-1] == "live"
        wait_texts(page, before + 1)
        assert page.evaluate("counts.camera") == 1


def test_a_mistake_in_the_page_does_not_stop_the_scanner(with_film, site):
    script = """
    window.addEventListener('load', () => {
      log.texts.push = () => { log.fell = (log.fell ?? 0) + 1; throw new Error('page'); };
    });"""
    with opened(with_film, site, script=script, problems=["^page$"]) as page:
        page.evaluate("scanner.start()")
        page.wait_for_function("() => log.fell >= 3", timeout=20000)


def test_a_slow_phone_still_reads_within_two_seconds(with_film, site):
    with opened(with_film, site) as page:
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.evaluate("scanner.start()")
        # The first card stays in view for three seconds: as it comes, it is asked for again.
        page.wait_for_function("(text) => log.texts.at(-1)?.text === text", arg=CARD, timeout=20000)
        count = len(texts(page))
        page.evaluate("scanner.forget()")
        asked = page.evaluate("performance.now()")
        wait_texts(page, count + 1)
        assert texts(page)[count] == CARD
        assert page.evaluate("(count) => log.texts[count].at", count) - asked < 2000


# When there is no picture


def test_refused_by_the_person(launch, site):
    browser = launch(FAKE_CAMERA)
    with opened(browser, site) as page:
        page.evaluate("scanner.start()")
        wait_state(page, "denied", 5000)
    browser.close()


def test_no_camera_and_a_photo_still_works(without_camera, site):
    with opened(without_camera, site) as page:
        page.evaluate("scanner.start()")
        wait_state(page, "no_camera", 5000)
        assert page.evaluate("readPhoto", "/card.png") == CARD


def test_our_own_header_is_not_blamed_on_the_person(with_film, site):
    with opened(with_film, site, "/policy") as page:
        page.evaluate("scanner.start()")
        wait_state(page, "blocked_by_policy", 5000)
        assert page.evaluate("counts.camera") == 0


HANG = "navigator.mediaDevices.getUserMedia = () => { counts.camera++; return new Promise(() => {}); };"


def test_a_camera_that_never_answers_is_said_within_five_seconds(with_film, site):
    with opened(with_film, site, script=HANG) as page:
        page.evaluate("scanner.start(), 0")
        wait_state(page, "stalled", 7000)
        started, stalled = page.evaluate("log.states.map((entry) => entry.at)")
        assert stalled - started < 5500
        assert page.evaluate("readPhoto", "/card.png") == CARD


def test_a_camera_that_gives_no_picture_is_said_within_five_seconds(with_film, site):
    """The stream opens and stays black: what an iPhone's home-screen app did."""
    black = "navigator.mediaDevices.getUserMedia = async () => document.createElement('canvas').captureStream(0);"
    with opened(with_film, site, script=black) as page:
        page.evaluate("scanner.start(), 0")
        wait_state(page, "stalled", 7000)


def test_a_camera_in_use_is_asked_again_a_few_times(with_film, site):
    busy = """
    const real = navigator.mediaDevices.getUserMedia;
    window.busyFor = 2;
    navigator.mediaDevices.getUserMedia = async (wish) => {
      if (busyFor-- > 0) { counts.camera++; throw new DOMException('', 'NotReadableError'); }
      return real(wish);
    };"""
    with opened(with_film, site, script=busy) as page:
        page.evaluate("scanner.start()")
        wait_state(page, "live")
        assert page.evaluate("counts.camera") == 3
    with opened(with_film, site, script=busy) as page:
        page.evaluate("busyFor = Infinity; scanner.start(), 0")
        wait_state(page, "in_use")
        page.wait_for_timeout(1000)
        assert page.evaluate("counts.camera") == 4
        page.evaluate("busyFor = 0; scanner.start()")
        wait_state(page, "live")


def test_without_https_or_without_the_interface(with_film, site):
    with opened(with_film, site, script="Object.defineProperty(window, 'isSecureContext', {value: false});") as page:
        page.evaluate("scanner.start()")
        assert states(page) == ["insecure"]
    gone = "Object.defineProperty(navigator, 'mediaDevices', {value: undefined});"
    with opened(with_film, site, script=gone) as page:
        page.evaluate("scanner.start()")
        assert states(page) == ["unsupported"]
        page.evaluate("scanner.stop()")


def test_a_picture_that_waits_for_a_tap(with_film, site):
    """Low-power mode on an iPhone: the camera runs, but the picture starts only in a tap."""
    script = """
    const play = HTMLMediaElement.prototype.play;
    Object.defineProperty(HTMLMediaElement.prototype, 'autoplay', {set() {}, get: () => true});
    const set = Element.prototype.setAttribute;
    Element.prototype.setAttribute = function (name, value) { if (name !== 'autoplay') set.call(this, name, value); };
    HTMLMediaElement.prototype.play = async function () {
      if (!navigator.userActivation.isActive) throw new DOMException('', 'NotAllowedError');
      return play.call(this);
    };
    document.addEventListener('click', () => scanner.play());"""
    with opened(with_film, site, script=script) as page:
        # Playwright's evaluate counts as a tap, so the page starts by itself.
        page.evaluate("setTimeout(() => scanner.start(), 6000), 0")
        wait_state(page, "tap_to_play", 12000)
        page.mouse.click(600, 500)
        wait_state(page, "live")
        wait_texts(page, 1)
        assert page.evaluate("counts.camera") == 1


# The life of an evening

HIDE = """(hidden) => {
  Object.defineProperty(document, 'hidden', {configurable: true, value: hidden});
  document.dispatchEvent(new Event('visibilitychange'));
  if (!hidden) { window.dispatchEvent(new Event('pageshow')); window.dispatchEvent(new Event('focus')); }
}"""


def test_hidden_and_shown_five_times_it_reads_on(with_film, site):
    with opened(with_film, site) as page:
        page.evaluate("scanner.start()")
        wait_texts(page, 1)
        lens = page.evaluate("document.querySelector('video').srcObject.getVideoTracks()[0].getSettings().deviceId")
        for time in range(1, 6):
            old = page.evaluate_handle("document.querySelector('video').srcObject.getVideoTracks()[0]")
            page.evaluate(HIDE, True)
            assert states(page)[-1] == "paused"
            assert old.evaluate("(track) => track.readyState") == "ended"
            assert page.evaluate("document.querySelector('video').srcObject") is None
            page.evaluate("scanner.forget()")
            count = len(texts(page))
            page.evaluate(HIDE, False)
            wait_state(page, "live")
            wait_texts(page, count + 1)
            assert page.evaluate("counts.camera") == time + 1, "one new stream each time, not one for each event"
            assert page.evaluate("wish.video.deviceId") == {"exact": lens}, "an iPhone would choose its fisheye"


def test_hidden_while_the_question_is_open_asks_once(with_film, site):
    slow = """
    const real = navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = (wish) => new Promise((go) => setTimeout(() => go(real(wish)), 1500));"""
    with opened(with_film, site, script=slow) as page:
        page.evaluate("scanner.start(), 0")
        page.evaluate(HIDE, True)
        page.evaluate(HIDE, False)
        wait_state(page, "live")
        assert page.evaluate("counts.camera") == 1


def test_a_hung_camera_is_asked_again_after_the_page_was_away(with_film, site):
    with opened(with_film, site, script="window.real = navigator.mediaDevices.getUserMedia;" + HANG) as page:
        page.evaluate("scanner.start(), 0")
        wait_state(page, "stalled")
        page.evaluate("navigator.mediaDevices.getUserMedia = real, 0")
        page.evaluate(HIDE, True)
        page.evaluate(HIDE, False)
        wait_state(page, "live")


def test_a_camera_that_stops_by_itself_is_opened_again(with_film, site):
    with opened(with_film, site) as page:
        page.evaluate("scanner.start()")
        wait_state(page, "live")
        page.evaluate("later(60_000)")
        page.evaluate("document.querySelector('video').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
        page.wait_for_function("() => counts.camera === 2")
        wait_state(page, "live")


def test_the_lens_is_switched_and_remembered(launch, site):
    browser = launch(FAKE_UI, FAKE_CAMERA + "=device-count=3")
    with opened(browser, site) as page:
        lens = "document.querySelector('video').srcObject?.getVideoTracks()[0].getSettings().deviceId"
        page.evaluate("scanner.start()")
        wait_state(page, "live")
        page.wait_for_function("() => log.states.at(-1).lenses === 3")
        first = page.evaluate(lens)
        assert page.evaluate("scanner.switchLens()") is True
        second = page.evaluate(lens)
        assert second != first
        assert "exact" not in json.dumps(page.evaluate("[wish.video.width, wish.video.height]"))
        page.reload()
        page.evaluate("scanner.start()")
        wait_state(page, "live")
        assert page.evaluate(lens) == second
        for _ in range(2):
            assert page.evaluate("scanner.switchLens()") is True
        assert page.evaluate(lens) == first, "after the third comes the first again"
        page.evaluate("localStorage.setItem('scan.lens', 'gone')")
        page.reload()
        page.evaluate("scanner.start()")
        wait_state(page, "live")
        assert page.evaluate("localStorage.getItem('scan.lens')") is None
    browser.close()


def test_exposure_zoom_and_lamp_where_the_camera_has_them(with_film, site):
    able = """
    window.applied = [];
    MediaStreamTrack.prototype.getCapabilities = () => ({torch: true, zoom: {min: 1, max: 8},
      exposureCompensation: {min: -4, max: 4}, focusMode: ['manual', 'continuous']});
    MediaStreamTrack.prototype.applyConstraints = async (wish) => { applied.push(wish.advanced[0]); };"""
    with opened(with_film, site, script=able) as page:
        page.evaluate("scanner.start()")
        page.wait_for_function("() => log.states.at(-1).torch && applied.length")
        assert page.evaluate("applied[0]") == {"exposureCompensation": -1, "zoom": 1.5, "focusMode": "continuous"}
        assert page.evaluate("scanner.setTorch(true)") is True
        assert page.evaluate("applied[1].torch && applied[1].zoom") == 1.5
        assert page.evaluate("log.states.at(-1).torchOn") is True
    with opened(with_film, site) as page:
        page.evaluate("scanner.start()")
        wait_state(page, "live")
        assert page.evaluate("scanner.setTorch(true)") is False
        assert page.evaluate("log.states.some((entry) => entry.torch)") is False


# The life of the decoder


def test_the_decoder_is_replaced_when_silent_crashed_or_old(with_film, site):
    with opened(with_film, site, problems=["crash"]) as page:
        page.evaluate("scanner.start()")
        wait_texts(page, 1)
        page.evaluate("deafen = 1")
        page.wait_for_function("() => counts.workers === 2", timeout=5000)
        wait_texts(page, 2)
        page.evaluate("lastWorker.onerror(new ErrorEvent('error', {message: 'crash'}))")
        page.wait_for_function("() => counts.workers === 3")
        wait_texts(page, 4)
        page.evaluate("later(31 * 60_000)")
        page.wait_for_function("() => counts.workers === 4")
        count = len(texts(page))
        wait_texts(page, count + 2)
        assert page.evaluate("counts") == {"camera": 1, "workers": 4, "detector": 0, "stopped": 0}


def test_a_decoder_that_does_not_start_is_said(with_film, site):
    with opened(with_film, site, "/no-worker", problems=["404"]) as page:
        page.evaluate("scanner.start()")
        page.wait_for_function(
            "() => log.states.at(-1).state === 'failed' && log.states.at(-1).decoder === false", timeout=10000
        )
        assert page.evaluate("readPhoto", "/card.png") is None
        page.evaluate("scanner.stop()")


# The typing scanner


def test_a_typing_scanner_presses_no_button(without_camera, site):
    """The keys come from the browser's own input; spaces and Enter would press the focused button."""
    with opened(without_camera, site) as page:
        for _ in range(3):  # a busy machine may leave 50 ms between two keys: then it is a person's typing
            page.evaluate("log.typed.length = log.pressed = 0")
            page.focus("#number")
            page.keyboard.type("KP1:A B C")
            page.keyboard.press("Enter")
            if page.evaluate("log.typed.length"):
                break
            page.fill("#number", "")
        assert page.evaluate("log.typed") == ["KP1:A B C"]
        assert page.input_value("#number") == ""
        for _ in range(3):
            page.evaluate("log.typed.length = log.pressed = 0")
            page.focus("button")
            page.keyboard.type("KP1:A B C")
            page.keyboard.press("Enter")
            if page.evaluate("log.typed.length"):
                break
        assert page.evaluate("[log.typed, log.pressed]") == [["KP1:A B C"], 0]
