/**
 * A community card's code on the screen of who has it: the next one is asked for before this one runs out. When the
 * card was returned meanwhile, the page says so itself.
 */
const card = document.querySelector("[data-refresh]");
const place = card.querySelector("[data-code]");

async function renew() {
  if (!place || document.hidden) return;
  const response = await fetch(location.href, { cache: "no-store", redirect: "manual" }).catch(() => null);
  if (!response) return; // no connection: the next round asks again
  const page = response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  const next = page?.querySelector("[data-refresh] [data-code] > svg");
  if (next) place.replaceChildren(document.adoptNode(next));
  else location.reload();
}

setInterval(renew, Number(card.dataset.refresh) * 1000);
document.addEventListener("visibilitychange", renew);
