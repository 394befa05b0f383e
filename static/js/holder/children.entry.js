/** Labels of the children: written on this phone, kept on this phone, never sent. */

import { keep, kept } from "./store.js";

const list = document.querySelector("[data-labels]");
const card = Number(list.dataset.labels);
const record = await kept(card).catch(() => undefined);

for (const input of list.querySelectorAll("[data-label-of]")) {
  input.closest("[data-when]").hidden = false;
  input.value = record?.labels?.[input.dataset.labelOf] ?? "";
  input.addEventListener("change", async () => {
    const labels = { ...(await kept(card))?.labels, [input.dataset.labelOf]: input.value.trim().slice(0, 40) };
    await keep(card, { labels });
    document.querySelector("[data-kept]").hidden = false;
  });
}
