// The service worker: keeps a named static shell, so that the card opens without a connection. No person's page is
// ever kept; what belongs to a card is in the phone's own database, and its script puts it into the shell.
/* global SHELL_ASSETS, SHELL_VERSION */
const CACHE = `shell:${SHELL_VERSION}`;
const SHELL = "/card/offline";

self.addEventListener("install", (event) => {
  const urls = [SHELL, ...SHELL_ASSETS.map((name) => `/static/${name}`)];
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(urls)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === "/card") {
    event.respondWith(fetch(event.request).catch(() => caches.match(SHELL)));
  } else if (SHELL_ASSETS.some((name) => url.pathname === `/static/${name}`)) {
    event.respondWith(caches.match(url.pathname).then((kept) => kept ?? fetch(event.request)));
  }
});
