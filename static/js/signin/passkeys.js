/** Passkey buttons: a fresh challenge for each press, and each way it can end said in the page's own words. */

import { browserSupportsWebAuthn, startAuthentication, startRegistration } from "@simplewebauthn/browser";
import { ask } from "../web/post.js";

const NAMES = {
  NotAllowedError: "cancelled",
  AbortError: "cancelled",
  InvalidStateError: "exists",
  ConstraintError: "no_verification",
  NotSupportedError: "unsupported",
};

/** Bring a passkey block to life. @param {HTMLElement} block */
export function setUp(block) {
  const button = block.querySelector("[data-passkey-button]");
  block.querySelector('[data-when="script"]').hidden = false;
  if (!browserSupportsWebAuthn()) {
    button.disabled = true;
    return say(block, "unsupported");
  }
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    say(block, null);
    try {
      const optionsJSON = await ask(block.dataset.options, {});
      const making = block.dataset.passkey === "new";
      const answer = making ? await startRegistration({ optionsJSON }) : await startAuthentication({ optionsJSON });
      location.assign((await ask(block.dataset.answer, answer)).go);
    } catch (error) {
      // The library tells most faults by the cause it wraps; ours carry the server's reason.
      say(block, error.reason ?? NAMES[error.cause?.name] ?? NAMES[error.name] ?? "failed");
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}

function say(block, state) {
  const states = [...block.querySelectorAll("[data-state]")];
  const known = states.some((part) => part.dataset.state === state) ? state : state && "failed";
  for (const part of states) part.hidden = part.dataset.state !== known;
}
