/**
 * USB scanners that type: a burst of keys far faster than fingers, ending with Enter, wherever the focus is.
 *
 * Such a scanner sends key positions, not signs. Set to a US keyboard (the factory setting) on a computer with the
 * Finnish or Swedish one, `KP1:` arrives as `KP1Ö`, and `+` as a dead accent that swallows the next sign. The positions tell
 * what was meant, so they are read first; text that has lost its positions is repaired sign by sign.
 */
const CODE = /^KP1:[0-9A-Z $%*+\-./:]+$/;
const GAP = 50; // ms between keys; a scanner takes 1–30
const SHORTEST = 6; // a quick double stroke and Enter is a person

// Position → what it types plain and with Shift, for the signs of our alphabet. Letters, digits and the space bar agree.
const US = {
  Digit4: ["4", "$"],
  Digit5: ["5", "%"],
  Digit8: ["8", "*"],
  Equal: ["", "+"],
  Minus: ["-"],
  Period: ["."],
  Slash: ["/"],
  Semicolon: ["", ":"],
};
// The scanner speaks Finnish and the computer US: the same fault the other way round.
const NORDIC = {
  Digit4: ["4", "", "$"],
  Digit5: ["5", "%"],
  Digit7: ["7", "/"],
  Backslash: ["", "*"],
  Minus: ["+"],
  Slash: ["-"],
  Period: [".", ":"],
};
// What the Nordic layout shows for a US scanner's signs ("€": on a Mac). A dead ` melts into a following vowel.
const SHOWN_NORDIC = { "¤": "$", "€": "$", "(": "*", "`": "+", "+": "-", "-": "/", Ö: ":" };
// And the US layout for a Nordic scanner's. Its "$" (AltGr+4) types nothing there and is lost.
const SHOWN_US = { "|": "*", "-": "+", "/": "-", "&": "/", ">": ":" };

function translate(text, signs) {
  return Array.from(text, (sign) => signs[sign] ?? sign).join("");
}

/**
 * The text a scanner meant, from what a wrongly set keyboard layout or Caps Lock made of it.
 * Changed only where the result is one of our codes; any other text comes back as it was.
 * @param {string} text
 * @returns {string}
 */
export function repairText(text) {
  const upper = text.trim().toUpperCase();
  // NFD takes À apart, but also Ö: only the grave accent is wanted.
  const apart = upper.replace(/[ÀÈÌÒÙǸẀỲ]/g, (sign) => `\`${sign.normalize("NFD")[0]}`);
  for (const meant of [upper, translate(apart, SHOWN_NORDIC), translate(upper, SHOWN_US)]) {
    if (CODE.test(meant)) return meant;
  }
  return text;
}

function atPosition({ key, code, shift, alt }, layout) {
  if (layout[code]) return layout[code][alt ? 2 : shift ? 1 : 0] ?? "";
  if (/^Key[A-Z]$/.test(code)) return code[3];
  if (/^Digit[0-9]$/.test(code)) return shift ? "" : code[5];
  return code === "Space" ? " " : key.length === 1 ? key.toUpperCase() : "";
}

/** The text of a burst of keys, each {key, code, shift, alt} as KeyboardEvent has them. */
export function textOfKeys(keys) {
  const typed = keys.map(({ key }) => (key.length === 1 ? key : "")).join("");
  const upper = typed.toUpperCase();
  if (CODE.test(upper) && keys.every(({ key }) => key.length === 1)) return upper;
  for (const layout of [US, NORDIC]) {
    const meant = keys.map((key) => atPosition(key, layout)).join("");
    if (CODE.test(meant)) return meant;
  }
  return repairText(typed);
}

const MODIFIERS = ["Shift", "Control", "Alt", "AltGraph", "CapsLock", "Meta"];
const isField = (element) =>
  element?.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element?.tagName);

/**
 * Listens for a typing scanner. What the burst left in a field is taken out again; what a person types stays theirs.
 * @param {EventTarget} target usually `document`
 * @param {(text: string) => void} onText
 * @returns {() => void} stops listening
 */
export function listenKeyboard(target, onText) {
  let keys = [];
  let lastAt = -Infinity;
  let before = null; // the field with focus and its text at the first key

  function onKey(event) {
    if (event.repeat || !event.key) return; // autofill sends events without a key
    const quick = event.timeStamp - lastAt < GAP;
    lastAt = event.timeStamp;
    if (MODIFIERS.includes(event.key)) return; // CapsLock too: some scanners press it themselves
    if (!quick) keys = [];
    if (event.key === "Enter") {
      const burst = keys;
      keys = [];
      if (burst.length < SHORTEST) return;
      // Nor may it send the form, or press the button that has the focus.
      event.preventDefault();
      event.stopPropagation();
      restore();
      onText(textOfKeys(burst));
      return;
    }
    // Ctrl+key and Tab are commands. AltGr is Ctrl+Alt on Windows and types signs.
    const command = (event.ctrlKey || event.metaKey) && !event.altKey;
    const sign = event.key.length === 1 || ["Dead", "Process", "Unidentified"].includes(event.key);
    if (command || !sign) {
      keys = [];
      return;
    }
    if (keys.length === 0) remember(event.target);
    keys.push({ key: event.key, code: event.code ?? "", shift: event.shiftKey, alt: event.altKey });
    // Outside fields a burst presses nothing: a space in the code would press a focused button, "/" opens Firefox's search.
    if (keys.length > 1 && !isField(event.target)) event.preventDefault();
  }

  function onKeyUp(event) {
    if (keys.length > 1 && event.timeStamp - lastAt < GAP && !isField(event.target)) event.preventDefault();
  }

  function remember(element) {
    before = isField(element) && typeof element.value === "string" ? { element, value: element.value } : null;
  }

  function restore() {
    if (!before || before.element.value === before.value) return;
    before.element.value = before.value;
    before.element.dispatchEvent(new Event("input", { bubbles: true }));
  }

  target.addEventListener("keydown", onKey, { capture: true });
  target.addEventListener("keyup", onKeyUp, { capture: true });
  return () => {
    target.removeEventListener("keydown", onKey, { capture: true });
    target.removeEventListener("keyup", onKeyUp, { capture: true });
  };
}
