/** The network's places on this phone: fetched once a day while there is a connection, read without one. */

import { ask } from "../web/post.js";
import { keep, kept } from "./store.js";

const DAY_MS = 86_400_000;

/** Have a list of today's in this language on the phone. Returns nothing; what fails is tried again another time. */
export async function refreshPlaces(id, language) {
  const { places } = (await kept(id)) ?? {};
  if (places?.language === language && Math.abs(Date.now() - places.at) < DAY_MS) return;
  const heard = await ask("/places/list");
  if (heard.card !== id) return; // another card of this phone was chosen meanwhile
  await keep(id, { places: { at: heard.now, language: heard.language, list: heard.places } });
}
