// The service worker: keeps a named static shell of each room that this phone has opened, so that the room opens
// without a connection. No person's page is ever kept; what belongs to a card or a gate is in the phone's own database,
// and a script puts it into the shell. The server writes this release's VERSION into the first line.

// The shells, and the files that they name, are all that is ever put into a cache.
const SHELLS = { holder: "/card/offline", gate: "/gate/offline" };
// Which shell stands in for a page that can't be had.
const ROOMS = {
  "/": "holder",
  "/card": "holder",
  "/children": "holder",
  "/places": "holder",
  "/visits": "holder",
  "/gate": "gate",
  "/gate/today": "gate",
};
const PATIENCE_MS = 4_000; // then the shell, which needs nobody, is better than waiting on
const ASK_MS = 1_000;
const FILES = /\/static\/[^"'\s]+\.(?:js|css|wasm)(?=["'\s])/g;

const nameOf = (room) => `${room}:${self.VERSION}`;
const cachesOf = async (room) => (await caches.keys()).filter((name) => name.startsWith(`${room}:`));

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      // A room that the last release kept is kept of this one before it takes over.
      for (const room of Object.keys(SHELLS)) if ((await cachesOf(room)).length) await keep(room);
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const room of Object.keys(SHELLS)) {
        // One release back stays: a page of it that is still open finds its files.
        for (const old of (await cachesOf(room)).slice(0, -2)) await caches.delete(old);
      }
      for (const name of await caches.keys()) if (!(name.split(":")[0] in SHELLS)) await caches.delete(name);
      await self.clients.claim();
      for (const page of await pages()) page.postMessage({ version: self.VERSION });
    })(),
  );
});

self.addEventListener("message", (event) => {
  const { keep: room, language, takeOver } = event.data ?? {};
  if (room in SHELLS) event.waitUntil(keep(room, language).catch(() => {})); // tried again at the next start
  if (takeOver) event.waitUntil(takeOverWhenIdle());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && url.pathname in ROOMS) {
    event.respondWith(page(request, url));
  } else if (url.pathname.startsWith("/static/")) {
    event.respondWith(caches.match(url.pathname, { ignoreVary: true }).then((kept) => kept ?? fetch(request)));
  }
});

/** A page as the network answers it, redirects and all; where it does not, its room's shell. */
async function page(request, url) {
  const asked = fetch(request);
  const shell = await shellFor(url.pathname);
  if (!shell) return asked;
  // Who asked to wait (the shell's "try again") is not sent back to the shell for being slow.
  const patient = url.searchParams.has("wait");
  let timer;
  const late = new Promise((resolve) => {
    if (!patient) timer = setTimeout(resolve, PATIENCE_MS, null);
  });
  try {
    const answer = await Promise.race([asked, late]);
    return answer && answer.status < 500 ? answer : shell;
  } catch {
    return shell;
  } finally {
    clearTimeout(timer);
    asked.catch(() => {});
  }
}

async function shellFor(path) {
  const room = ROOMS[path];
  const rooms = path === "/" ? [room, "gate"] : [room];
  for (const one of rooms) {
    const kept = await keptShell(one);
    if (kept) return kept;
  }
  return undefined;
}

async function keptShell(room) {
  return (await caches.open(nameOf(room))).match(SHELLS[room], { ignoreVary: true });
}

/**
 * Keep a room's shell and the files it names, all of one release: a shell of another release than this worker's is not
 * kept. A room that has no shell here is no fault.
 */
async function keep(room, language) {
  const kept = (await caches.has(nameOf(room))) && (await keptShell(room));
  if (kept && (!language || kept.headers.get("Content-Language") === language)) return;
  const answer = await fetch(SHELLS[room], { cache: "no-store" });
  if (answer.status === 404) return;
  if (!answer.ok || answer.redirected) throw new Error(`no shell of ${room}`);
  const text = await answer.clone().text();
  if (!text.includes(`content="${self.VERSION}"`)) throw new Error("a shell of another release");
  const cache = await caches.open(nameOf(room));
  const files = [...new Set(text.match(FILES))];
  const there = await Promise.all(files.map((file) => cache.match(file)));
  await cache.addAll(files.filter((_file, n) => !there[n]));
  await cache.put(SHELLS[room], answer);
}

function pages() {
  return self.clients.matchAll({ type: "window", includeUncontrolled: true });
}

/** Take over, unless a page says that it is in the middle of something. One that sleeps says nothing. */
async function takeOverWhenIdle() {
  const answers = await Promise.all((await pages()).map(ask));
  if (!answers.includes("busy")) await self.skipWaiting();
}

function ask(client) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    setTimeout(resolve, ASK_MS);
    client.postMessage({ busy: "?" }, [port2]);
  });
}
