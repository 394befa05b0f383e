/**
 * The page's side of the service worker: has it keep this room's shell, and lets a new release in at a moment when
 * nothing is going on. A page is in the middle of something while <html> has `data-busy`.
 */

const html = document.documentElement;
const own = document.querySelector('meta[name="version"]')?.content;
let wanted = own; // the release that this page ought to be of

const isBusy = () => html.dataset.busy !== undefined;

/** @param {"holder"|"gate"} room whose shell this phone needs from now on */
export async function startWorker(room) {
  // What the browser kept of a page that was left may be another person's by now.
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  const workers = navigator.serviceWorker;
  if (!workers) return;
  workers.addEventListener("message", ({ data, ports }) => {
    if (data?.busy) ports[0].postMessage(isBusy() ? "busy" : "idle");
    if (data?.version) {
      wanted = data.version;
      settle();
    }
  });
  workers.startMessages();
  let registration;
  try {
    registration = await workers.register("/sw.js", { scope: "/", updateViaCache: "none" });
  } catch {
    return; // a browser that has none, or was told to keep nothing
  }
  const settleSoon = () => settle(registration);
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", settleSoon);
  });
  new MutationObserver(settleSoon).observe(html, { attributeFilter: ["data-busy"] });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) registration.update().catch(() => {}); // no connection: at the next chance
    settleSoon();
  });
  registration.update().catch(() => {});
  settleSoon();
  (await workers.ready).active?.postMessage({ keep: room, language: html.lang });
}

/** Do now what waited for an idle moment: let the waiting worker in, and become the release that it is of. */
function settle(registration) {
  if (isBusy()) return;
  if (wanted !== own) {
    wanted = own; // once: a server that still has the old release would have us go round
    location.reload();
    return;
  }
  registration?.waiting?.postMessage({ takeOver: true });
}
