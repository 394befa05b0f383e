/** The number that a visitor tells: typed in fours, forgiving; the register reads spaces, hyphens, O and l itself. */

/** What was typed without its spaces and hyphens, or null where it can't be a card's number. */
export function numberOf(typed) {
  const signs = typed.normalize("NFKC").replace(/[\s\-\u2010-\u2015\u2212.]/g, "");
  return /^[0-9A-Za-z]{4,24}$/.test(signs) ? signs : null;
}

/** Digits in groups of four; anything else as it is. */
export const inFours = (typed) => {
  const signs = typed.replace(/ /g, "");
  return /^[0-9]+$/.test(signs) ? signs.match(/.{1,4}/g).join(" ") : typed;
};

/**
 * @param {HTMLFormElement} form with the field `number`, [data-error] and [data-letters], inside a dialog
 * @param {(number: string) => void} onNumber
 */
export function listenNumber(form, onNumber) {
  const field = form.elements.number;
  const error = form.querySelector("[data-error]");
  const letters = form.querySelector("[data-letters]");

  function fault(wrong) {
    error.hidden = !wrong;
    field.toggleAttribute("aria-invalid", false);
    if (wrong) field.setAttribute("aria-invalid", "true");
    if (wrong) field.focus();
  }

  field.addEventListener("input", (event) => {
    fault(false);
    const atEnd = field.selectionStart === field.value.length;
    if (atEnd && event.inputType !== "deleteContentBackward") field.value = inFours(field.value);
  });
  // Some older cards have letters in their number; most phones' digit keys have none.
  letters.addEventListener("click", () => {
    const digits = field.inputMode === "text";
    field.inputMode = digits ? "numeric" : "text";
    letters.setAttribute("aria-pressed", String(!digits));
    field.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const number = numberOf(field.value);
    fault(number === null);
    if (number === null) return;
    form.closest("dialog").close();
    field.value = "";
    onNumber(number);
  });
}
