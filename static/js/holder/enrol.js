/**
 * Making and renewing a phone's key: generate → keep → reopen and read back → prove → credential. Where any step fails,
 * the card still works with codes that the server shows.
 *
 * A new key is kept before it is sent, so that a renewal whose answer was lost is asked for again with the same key:
 * a one-time value that comes with another key is a copy at work, and stops the card's keys.
 */

import { compressedPoint, generatePhoneKey, proveKey } from "../codes/phoneKey.js";
import { ask, fromBase64url, toBase64url } from "../web/post.js";
import { keep, kept } from "./store.js";

const NOTHING = {
  fresh: undefined,
  privateKey: undefined,
  credential: undefined,
  credentialEnds: undefined,
  once: undefined,
};

/** A new key for a card; returns the card's new record. Throws where the phone can't keep one. */
export function enrol(id, deployment) {
  return alone(id, () => fresh(id, deployment));
}

/**
 * A new key in place of `old`, by the one-time value that came with it; returns the card's new record.
 * @param {Uint8Array} old the credential that this page knows of. Throws Failed: renewal_copied, …
 */
export function renew(id, deployment, old) {
  return alone(id, async () => {
    const before = await kept(id);
    // Another page of ours was faster.
    if (toBase64url(before.credential) !== toBase64url(old)) return before;
    try {
      return await prove(id, deployment, before);
    } catch (error) {
      if (error.reason === "renewal_copied") {
        await keep(id, { ...NOTHING, stopped: true });
        throw error;
      }
      if (error.reason === "key_known") {
        // The kept key is another credential's: an answer to its making was lost.
        return prove(id, deployment, await keep(id, { fresh: undefined }));
      }
      if (error.reason === "renewal_unknown") return fresh(id, deployment);
      throw error;
    }
  });
}

async function fresh(id, deployment) {
  await keep(id, { fresh: undefined, once: undefined });
  return prove(id, deployment, {});
}

async function prove(id, deployment, before) {
  const { nonce } = await ask("/card/key");
  if (!before.fresh) {
    const pair = await generatePhoneKey();
    await keep(id, { fresh: { privateKey: pair.privateKey, point: await compressedPoint(pair.publicKey) } });
  }
  // iOS may drop the key without a word: only what was read back is worth anything.
  const { privateKey, point } = (await kept(id))?.fresh ?? {};
  if (!privateKey) throw new Error("the phone did not keep the key");
  const proof = await proveKey(privateKey, deployment, new TextEncoder().encode(nonce));
  const body = { card: id, public_key: toBase64url(point), proof: toBase64url(proof) };
  const renewal = before.once && { renews: toBase64url(before.credential.slice(3, 8)), once: before.once };
  const issued = await ask("/card/key", { ...body, ...renewal });
  // A browser may ask its user, who may never answer: nobody waits for it.
  navigator.storage?.persist?.().catch(() => {});
  return keep(id, {
    ...NOTHING,
    stopped: undefined,
    privateKey,
    credential: fromBase64url(issued.credential),
    credentialEnds: issued.lastDay,
    once: issued.once,
    deployment,
  });
}

/** One page at a time makes a key for a card: two at once would look like a copy. */
function alone(id, work) {
  return navigator.locks ? navigator.locks.request(`key:${id}`, work) : work();
}
