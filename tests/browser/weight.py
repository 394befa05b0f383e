"""What a page weighs: every byte that a first visit brings over the wire, headers too, as Chromium counted them."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request


@dataclass(frozen=True)
class Fetched:
    """One answer on the wire."""

    origin: str
    path: str
    size: int  # bytes of head and body, compressed as they came
    by_worker: bool  # by the service worker, after the page


def _fetched(request: Request) -> Fetched:
    parts = urlsplit(request.url)
    sizes = request.sizes()
    body, answer = sizes["responseBodySize"], request.response()
    if answer is not None and answer.from_service_worker:
        # Nothing came over the wire for it, or it is counted as the worker's own request.
        return Fetched(f"{parts.scheme}://{parts.netloc}", parts.path, 0, False)
    if body == 0 and answer is not None:
        # The service worker's own file is not in Chromium's count.
        body = int(answer.headers.get("content-length", 0))
    # What came from the browser's own store has the size of its head against it: nothing came over the wire.
    size = body + sizes["responseHeadersSize"]
    return Fetched(f"{parts.scheme}://{parts.netloc}", parts.path, size, request.service_worker is not None)


def first_visit(page: Page, address: str, last: str) -> list[Fetched]:
    """Open the address as if this browser had never been here, until something whose path has `last` in it came and
    nothing more does. The manifest and the home screen's icon are fetched too: phones do, a browser of tests does not.
    """
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    done: list[Request] = []

    def note(request: Request) -> None:  # Playwright takes no method of a list
        done.append(request)

    page.context.on("requestfinished", note)
    page.goto(address)
    page.evaluate(
        """async () => {
          const manifest = await (await fetch(document.querySelector('link[rel="manifest"]').href)).json();
          await (await fetch(manifest.icons[0].src)).blob();
        }"""
    )
    seen = -1
    for _ in range(100):
        if seen == len(done) and any(last in urlsplit(request.url).path for request in done):
            break
        seen = len(done)
        page.wait_for_timeout(300)
    page.context.remove_listener("requestfinished", note)
    session.detach()
    return [_fetched(request) for request in done]
