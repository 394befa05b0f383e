/**
 * What a phone keeps of its cards, each under its card: the key, the credential, labels of children, who comes along,
 * places. It never leaves the phone, but for the public key; signing out removes it, and no other card's.
 */

import { deleteDB, openDB } from "idb";

const NAME = "kaikukortti";

function open() {
  return openDB(NAME, 1, {
    upgrade(db) {
      db.createObjectStore("cards", { keyPath: "id" });
    },
    // A newer page wants the database: let go of it, rather than hold the newer page up.
    blocking(_version, _blocked, event) {
      event.target.close();
    },
  });
}

async function using(work) {
  const db = await open();
  try {
    return await work(db);
  } finally {
    db.close();
  }
}

/** The kept record of a card, or undefined. Each call opens the database anew, so a read is a true read-back. */
export function kept(id) {
  return using((db) => db.get("cards", id));
}

/** Every card on this phone, the one shown last first. */
export function keptAll() {
  return using(async (db) => (await db.getAll("cards")).sort((a, b) => (b.shownAt ?? 0) - (a.shownAt ?? 0)));
}

/** Change some fields of a card's record, in one transaction. */
export function keep(id, fields) {
  return using(async (db) => {
    const change = db.transaction("cards", "readwrite");
    const record = { ...(await change.store.get(id)), id, ...fields };
    await Promise.all([change.store.put(record), change.done]);
    return record;
  });
}

/** Remove these cards from this phone; the others stay. Pages that still show one of them hear of it. */
export async function forget(ids) {
  const rest = await using(async (db) => {
    const change = db.transaction("cards", "readwrite");
    await Promise.all([...ids.map((id) => change.store.delete(id)), change.done]);
    return db.count("cards");
  });
  const others = new BroadcastChannel(NAME);
  others.postMessage({ left: ids });
  others.close();
  if (rest === 0) await deleteDB(NAME);
}

/** Call `gone` when a card was removed from this phone by another page. */
export function onForgotten(id, gone) {
  new BroadcastChannel(NAME).addEventListener("message", ({ data }) => data?.left?.includes(id) && gone());
}
