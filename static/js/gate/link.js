/**
 * Whether the register is reached, since when not, and how far this phone's clock is off. `navigator.onLine` is only a
 * hint, so it is what came back that tells.
 */
import { offsetOf } from "../holder/clock.js";
import { isAway } from "./exchange.js";

const SLOW = 3000; // a round trip that says little of the clock

/**
 * @param {object} options
 * @param {{read: Function, write: Function}} options.store
 * @param {boolean} options.up the page has just come from the register
 * @param {() => void} options.onChange
 */
export function createLink({ store, up, onChange }) {
  const link = {
    up,
    /** Why it is away. */
    failure: up ? null : "no_connection",
    /** The last contact, ms by the register's clock; null: never. */
    at: null,
    /** Milliseconds to add to this phone's clock; NaN where it is too far off to guess. */
    offset: 0,
    signedOut: false,
    /** The register's time as far as this phone knows it; NaN where it does not. */
    now: () => Date.now() + link.offset,

    async recall() {
      const kept = await store.read("contact");
      link.at ??= kept?.at ?? null;
      if (kept && !link.measured) link.offset = kept.offset;
    },

    heard(result, sentAt, receivedAt) {
      const before = `${link.up} ${link.failure} ${link.signedOut}`;
      link.up = !isAway(result.failure);
      link.failure = link.up ? null : result.failure;
      if (link.up) link.signedOut = result.failure === "signed_out";
      const told = result.data?.now;
      if (Number.isFinite(told)) {
        if (!link.measured || receivedAt - sentAt < SLOW) {
          link.offset = offsetOf(sentAt, receivedAt, told);
          link.measured = true;
        }
        link.at = told;
        store.write("contact", { at: link.at, offset: link.offset }).catch(() => {});
      }
      if (before !== `${link.up} ${link.failure} ${link.signedOut}`) onChange();
    },
  };
  return link;
}
