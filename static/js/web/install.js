/** The hint to put the site on the home screen: pictures on iOS, where there is no other way; a button elsewhere. */

const REMEMBERED = "install-hint";

/** Show the hint where it is of use, until it was sent away once. */
export function offerInstall() {
  const template = document.querySelector("[data-install]");
  if (!template || isInstalled() || wasSentAway()) return;
  const hint = template.content.firstElementChild;
  hint.querySelector("[data-install-away]").addEventListener("click", () => {
    hint.remove();
    sendAway();
  });
  const [pictures, button] = ["pictures", "button"].map((way) => hint.querySelector(`[data-install-by="${way}"]`));
  // Only WebKit on a phone has this property.
  if ("standalone" in navigator && navigator.maxTouchPoints > 1) {
    pictures.hidden = false;
    template.after(hint);
    return;
  }
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    button.hidden = false;
    template.after(hint);
    button.onclick = async () => {
      hint.remove(); // the browser's own question can be asked once
      await event.prompt();
    };
  });
  window.addEventListener("appinstalled", () => hint.remove());
}

function isInstalled() {
  return navigator.standalone === true || matchMedia("(display-mode: standalone)").matches;
}

function wasSentAway() {
  try {
    return localStorage.getItem(REMEMBERED) !== null;
  } catch {
    return false;
  }
}

function sendAway() {
  try {
    localStorage.setItem(REMEMBERED, "away");
  } catch {
    // A browser that remembers nothing shows it again.
  }
}
