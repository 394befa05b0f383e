/**
 * What a phone keeps of its cards, each under its card: the key, the credential, labels of children, who comes along.
 * It never leaves the phone, but for the public key; signing out removes it.
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

/** The card that was shown last on this phone. */
export function keptLast() {
  return using(async (db) => (await db.getAll("cards")).sort((a, b) => (b.shownAt ?? 0) - (a.shownAt ?? 0))[0]);
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

/** Remove every card from this phone. */
export function forgetAll() {
  return deleteDB(NAME);
}
