/** After signing out: that card goes from the phone, and no other. */

import { forget } from "../holder/store.js";

window.addEventListener("pageshow", (event) => event.persisted && location.reload());
const { cards } = document.querySelector("[data-signed-out]").dataset;
const ids = JSON.parse(cards || "[]");
if (ids.length) forget(ids).catch(() => {}); // a browser that keeps nothing has nothing to forget
