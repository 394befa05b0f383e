/** Today's list: what is still on this phone stands above what the register has. The camera's page sends it. */
import { partyOf } from "./sheet.js";
import { openStore } from "./store.js";
import { createWords } from "./words.js";

const words = createWords(document.getElementById("words"), document.documentElement.lang);
const section = document.getElementById("unsent");
const template = document.getElementById("unsent-row");

const store = await openStore();
const rows = (await store.queue.all()).filter((one) => !one.answer && !one.undo);
rows.sort((a, b) => b.scanned_at.localeCompare(a.scanned_at));
section.hidden = rows.length === 0;
section.querySelector("[data-count]").textContent = words.count("kept", rows.length);
for (const one of rows) {
  const row = template.content.cloneNode(true);
  row.querySelector("[data-when]").textContent = words.when(one.scanned_at);
  row.querySelector("[data-party]").textContent = partyOf(one, words);
  section.querySelector("ul").append(row);
}
