/** Sign-in pages: the code out of the address, passkeys, focus to what went wrong. */

import { offerInstall } from "../web/install.js";
import { setUp } from "./passkeys.js";

// The fragment never reached a server; it goes from the address too, so that it is in no history.
const field = document.querySelector("[data-from-fragment]");
const code = location.hash.slice(1);
if (field && /^[0-9A-Za-z-]{12,14}$/.test(code)) {
  field.value = code.replaceAll("-", "").replace(/(.{4})(?=.)/g, "$1-");
  history.replaceState(null, "", location.pathname + location.search);
  [...field.form.elements].find((next) => next.type !== "hidden" && next !== field && next.tagName === "INPUT")?.focus();
}

document.querySelectorAll("[data-passkey]").forEach(setUp);
offerInstall();
document.querySelector("[data-focus], #refused")?.focus();
