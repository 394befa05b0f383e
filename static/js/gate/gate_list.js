/** The signed list on this phone: fetched, verified with the pinned key, kept; never one that is older. */
import { ListRefused, readList } from "../codes/list.js";

/**
 * @param {object} options
 * @param {{read: Function, write: Function}} options.store
 * @param {(path: string) => Promise<import("./exchange.js").Result>} options.send
 * @param {string} options.path
 * @param {() => {pinned: object, deployment: string}|null} options.facts
 */
export function createGateList({ store, send, path, facts }) {
  let current = null;
  let least = 0;

  async function take(text) {
    const { pinned, deployment } = facts();
    const list = await readList(text, pinned, deployment, least);
    [current, least] = [list, list.number];
  }

  return {
    /** @returns {import("../codes/list.js").GateList|null} */
    get current() {
      return current;
    },

    /** The list that was kept, verified again. */
    async recall() {
      const kept = await store.read("list");
      if (!kept || !facts()) return;
      const { pinned, deployment } = facts();
      // Its number counts even where its signature no longer does: after a new pinned key, too, nothing goes backwards.
      least = Math.max(least, kept.number);
      current = await readList(kept.text, pinned, deployment, least).catch(() => null);
    },

    /** Ask for the newest. @returns {Promise<string|null>} why it was not taken: the kept one stays */
    async refresh() {
      if (!facts()) return "no_facts";
      const result = await send(path);
      if (!result.ok) return result.failure;
      // Another tab may have kept a newer one.
      least = Math.max(least, (await store.read("list"))?.number ?? 0);
      const text = JSON.stringify(result.data);
      try {
        await take(text);
      } catch (refused) {
        return refused instanceof ListRefused ? refused.reason : "unreadable";
      }
      await store.write("list", { text, number: least });
      return null;
    },
  };
}
