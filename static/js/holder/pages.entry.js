/** My children, places, my visits. Labels of the children: written on this phone, kept on this phone, never sent. */

import { startWorker } from "../web/worker.js";
import { refreshPlaces } from "./places.js";
import { keep, kept } from "./store.js";

startWorker("holder");

const id = Number(document.querySelector("[data-of-card]")?.dataset.ofCard);

for (const input of document.querySelectorAll("[data-label-of]")) setUpLabel(input);
if (document.querySelector("[data-places]")) refreshPlaces(id, document.documentElement.lang).catch(() => {});

async function setUpLabel(input) {
  input.closest("[data-when]").hidden = false;
  const record = await kept(id).catch(() => undefined);
  input.value = record?.labels?.[input.dataset.labelOf] ?? "";
  input.addEventListener("change", async () => {
    const labels = { ...(await kept(id))?.labels, [input.dataset.labelOf]: input.value.trim().slice(0, 40) };
    await keep(id, { labels });
    document.querySelector("[data-kept]").hidden = false;
  });
}
