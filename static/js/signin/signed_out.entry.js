/** After signing out: that card goes from the phone, and no other; or what the phone kept as a gate. */

import { forget as forgetForm } from "../desk/kept.js";
import { forgetGate } from "../gate/store.js";
import { forget } from "../holder/store.js";

window.addEventListener("pageshow", (event) => event.persisted && location.reload());
const { cards, signedOut } = document.querySelector("[data-signed-out]").dataset;
const ids = JSON.parse(cards || "[]");
if (ids.length) forget(ids).catch(() => {}); // a browser that keeps nothing has nothing to forget
if (signedOut === "staff") forgetForm();
if (signedOut === "gate") {
  const unsent = await forgetGate().catch(() => 0);
  document.querySelector("[data-unsent]").hidden = unsent === 0;
}
