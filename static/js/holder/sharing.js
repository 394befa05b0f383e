/** Two cards on one phone, as when a couple shares it: which is shown, and what its holder calls it on this phone. */

import { filled } from "./say.js";
import { keep, keptAll } from "./store.js";

/**
 * Bring the switch to life. With a connection its buttons are forms of the server; without one they choose among the
 * cards that this phone keeps.
 * @param {object} record of the card that is shown @param {boolean} online
 */
export async function setUpSharing(record, online) {
  const part = document.querySelector("[data-sharing]");
  const all = await keptAll();
  if (!part || (online ? part.hidden : all.length < 2)) return;
  part.hidden = false;
  if (!online) {
    const template = document.getElementById("another-card");
    for (const other of all.filter(({ id }) => id !== record.id)) {
      const button = template.content.cloneNode(true).querySelector("button");
      button.dataset.cardButton = other.id;
      button.querySelector("span").textContent = filled(part.dataset.words, { digits: other.page.number.slice(-4) });
      button.addEventListener("click", () => show(other.id));
      part.querySelector("[data-others]").append(button);
    }
    part.querySelector("[data-this]").textContent = filled(part.dataset.words, { digits: record.page.number.slice(-4) });
  }
  for (const other of all) name(part.querySelector(`[data-card-button="${other.id}"] span`), other);
  name(part.querySelector("[data-this]"), record);
  const field = part.querySelector("[data-card-name]");
  field.value = record.name ?? "";
  field.addEventListener("change", async () => {
    await keep(record.id, { name: field.value.trim().slice(0, 40) });
  });
}

function name(part, record) {
  if (part && record.name) part.textContent = `${record.name} (${part.textContent.trim()})`;
}

async function show(id) {
  await keep(id, { shownAt: Date.now() });
  location.reload();
}
