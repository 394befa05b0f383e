/**
 * What a gate's phone keeps to work without a connection, in IndexedDB: records that wait for their answer (`queue`),
 * what it recorded lately (`seen`), and a few values: the facts of its page, the signed list, the last contact.
 */
import { deleteDB, openDB } from "idb";
import { createMemory } from "./memory.js";

const NAME = "kaikukortti-gate";
const PATIENCE = 3000; // ms; a browser that neither opens the database nor refuses must not keep the door shut
// A record must be on the disk before staff are told that it is saved.
const STRICT = { durability: "strict" };

function open() {
  return openDB(NAME, 1, {
    upgrade(db) {
      db.createObjectStore("queue", { keyPath: "scan_id" });
      db.createObjectStore("seen", { keyPath: "scan_id" });
      db.createObjectStore("values");
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

function writing(name, work) {
  return using(async (db) => {
    const change = db.transaction(name, "readwrite", STRICT);
    await Promise.all([work(change.store), change.done]);
  });
}

function shelf(name) {
  return {
    all: () => using((db) => db.getAll(name)),
    get: (id) => using((db) => db.get(name, id)),
    put: (row) => writing(name, (rows) => rows.put(row)),
    /** Change fields of a row, if it is there still. */
    change: (id, fields) =>
      writing(name, async (rows) => {
        const row = await rows.get(id);
        if (row) await rows.put({ ...row, ...fields });
      }),
    remove: (id) => writing(name, (rows) => rows.delete(id)),
  };
}

/** The phone's store, or the page's memory where the browser keeps nothing: then `lasting` is false. */
export async function openStore() {
  const opened = using(async () => true).catch(() => false);
  const tooLong = new Promise((give) => setTimeout(give, PATIENCE, false));
  if (!(await Promise.race([opened, tooLong]))) return createMemory();
  return {
    lasting: true,
    queue: shelf("queue"),
    seen: shelf("seen"),
    read: (name) => using((db) => db.get("values", name)),
    write: (name, value) => using((db) => db.put("values", value, name)),
  };
}

/**
 * After signing out: nothing of the gate stays, but for records that have not reached the register.
 * @returns {Promise<number>} how many those are
 */
export async function forgetGate() {
  const waiting = (await using((db) => db.getAll("queue"))).filter((one) => !one.answer).length;
  if (waiting === 0) await deleteDB(NAME);
  else {
    await using(async (db) => {
      const change = db.transaction(["seen", "values"], "readwrite");
      await Promise.all([change.objectStore("seen").clear(), change.objectStore("values").clear(), change.done]);
    });
  }
  return waiting;
}
