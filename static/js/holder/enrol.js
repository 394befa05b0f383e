/**
 * Making a phone's key: generate → keep → reopen and read back → prove → credential. Where any step fails, the card
 * still works with codes that the server shows.
 */

import { compressedPoint, generatePhoneKey, proveKey } from "../codes/phoneKey.js";
import { ask, fromBase64url, toBase64url } from "../web/post.js";
import { keep, kept } from "./store.js";

/** Make, keep and prove a new key for a card; returns the card's new record. Throws where the phone can't keep one. */
export async function enrol(id, deployment) {
  const { nonce } = await ask("/card/key");
  const pair = await generatePhoneKey();
  const point = await compressedPoint(pair.publicKey);
  await keep(id, { fresh: pair.privateKey });
  // iOS may drop the key without a word: only what was read back is worth anything.
  const fresh = (await kept(id))?.fresh;
  if (!fresh) throw new Error("the phone did not keep the key");
  const proof = await proveKey(fresh, deployment, new TextEncoder().encode(nonce));
  const issued = await ask("/card/key", { public_key: toBase64url(point), proof: toBase64url(proof) });
  return keep(id, {
    fresh: undefined,
    privateKey: fresh,
    credential: fromBase64url(issued.credential),
    credentialEnds: issued.lastDay,
    deployment,
  });
}
