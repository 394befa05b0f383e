/**
 * This phone as a gate: what it keeps, how it reaches the register, its queue, its list, and when it tries again.
 * Opened online it is handed the facts of its page; opened without a connection, it takes those it kept.
 */
import { createExchange } from "./exchange.js";
import { createGateList } from "./gate_list.js";
import { createLink } from "./link.js";
import { judgeOffline } from "./offline.js";
import { createQueue } from "./queue.js";
import { openStore } from "./store.js";

const AGAIN = 30_000;
const LIST_EVERY = 15 * 60_000;
const SEEN_FOR = 48 * 3_600_000;

/**
 * @typedef {object} Facts of the gate's page: venue (its id), names, gate_name, offers, events, at_once, uses, day,
 *   deployment, pinned (list keys), csrf (never kept), now
 */

/**
 * @param {object} options
 * @param {Facts|null} options.facts null: the page came without a connection
 * @param {object} options.paths facts, list, uses, undo
 * @param {() => void} options.onChange something of the state may be told anew
 * @param {(facts: Facts) => void} options.onFacts
 * @param {Function} options.onSettled
 * @param {Function} options.onToday
 */
export async function createStation({ facts: given, paths, onChange, onFacts, onSettled, onToday }) {
  const store = await openStore();
  let facts = given;
  let ticking = null;
  let listedAt = -Infinity;

  const link = createLink({ store, up: Boolean(given), onChange: () => onChange() });
  const exchange = createExchange({ csrf: () => facts?.csrf ?? "", onHeard: link.heard });

  async function take(fresh) {
    facts = fresh;
    onFacts(facts);
    await store.write("facts", { ...facts, csrf: null }).catch(() => {});
  }

  /** Ask whose gate this phone is: also how a lost connection is found again. */
  async function askFacts() {
    const result = await exchange(paths.facts);
    if (result.ok && result.data.venue && result.data.pinned) await take(result.data);
    return result;
  }

  async function send(path, body, patience) {
    if (body && !facts?.csrf) await askFacts();
    const result = await exchange(path, body, patience);
    if (result.failure === "other_venue") await askFacts();
    if (result.failure !== "page_too_old") return result;
    const asked = await askFacts();
    return asked.ok ? exchange(path, body, patience) : asked;
  }

  const queue = createQueue({
    store,
    send,
    paths,
    venue: () => facts?.venue ?? null,
    onSettled,
    onChange: () => onChange(),
    onToday(today) {
      facts = { ...facts, ...today };
      store.write("facts", { ...facts, csrf: null }).catch(() => {});
      onToday(today);
    },
  });
  const list = createGateList({ store, send: exchange, path: paths.list, facts: () => facts });

  async function refreshList() {
    listedAt = performance.now(); // a clock that is put right must not hold the next one up
    await list.refresh().catch(() => {});
    if (!link.up) listedAt = -Infinity;
  }

  async function round() {
    const due = performance.now() - listedAt >= LIST_EVERY;
    // With the list come today's events, and the register's time for this phone's clock.
    if (due || !link.up || link.signedOut || !facts?.csrf) await askFacts();
    if (due && link.up) await refreshList();
    if (link.up && !link.signedOut) await queue.flush();
    onChange();
  }

  /** Look for the register and send what waits; one round at a time. */
  function seek() {
    ticking ??= round()
      .catch(() => {})
      .finally(() => (ticking = null));
    return ticking;
  }

  async function start() {
    await link.recall();
    if (facts) {
      await take(facts);
      link.at = facts.now;
    } else {
      facts = (await store.read("facts")) ?? null;
      if (facts) onFacts(facts);
    }
    await list.recall();
    for (const one of await store.seen.all()) {
      if (Date.now() - Date.parse(one.at) > SEEN_FOR) await store.seen.remove(one.scan_id);
    }
    onChange();
    setInterval(seek, AGAIN);
    addEventListener("online", seek);
    addEventListener("offline", () => askFacts().then(() => onChange()));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      listedAt = -Infinity;
      seek();
    });
    await seek();
  }

  return {
    send,
    link,
    queue,
    list,
    seek,
    start,
    lasting: store.lasting,
    get facts() {
      return facts;
    },
    /** What a record holds beside the scan. */
    stamp: () => ({ venue: facts.venue, clock_offset: link.offset, list_number: list.current?.number ?? null }),
    /** This phone's own verdict. */
    async judge(scan) {
      const { waiting } = await queue.state();
      return judgeOffline(scan, {
        list: list.current,
        deployment: facts.deployment,
        offers: facts.offers,
        minors: facts.community_age,
        at: link.now(),
        seen: await store.seen.all(),
        waiting: new Set(waiting.map((one) => one.scan_id)),
      });
    },
  };
}
