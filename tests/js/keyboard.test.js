// If these fail, a venue with a USB scanner at its ticket desk gets "unreadable" for every good card, or loses what it was typing.
import assert from "node:assert/strict";
import { test } from "node:test";

import { listenKeyboard, repairText, textOfKeys } from "../../static/js/scan/keyboard.js";

const CODE = "KP1:6BF+70790T9WJWG.FKY*4GO0.O1CV2 ETB*8WEAP34$K%E+ A/-Z:";

// Keyboards, written down from their key caps: position → [plain, Shift, AltGr]. Letters and digits are added below.
const US = {
  Minus: ["-", "_"], Equal: ["=", "+"], Semicolon: [";", ":"], Period: [".", ">"], Slash: ["/", "?"],
  Backslash: ["\\", "|"], Quote: ["'", '"'], Comma: [",", "<"], Space: [" ", " "],
};
const FINNISH = {
  Minus: ["+", "?", "\\"], Equal: ["´", "`"], Semicolon: ["ö", "Ö"], Period: [".", ":"], Slash: ["-", "_"],
  Backslash: ["'", "*"], Quote: ["ä", "Ä"], Comma: [",", ";"], Space: [" ", " "],
};
[..."0123456789"].forEach((digit, at) => {
  US[`Digit${digit}`] = [digit, ")!@#$%^&*("[at]];
  FINNISH[`Digit${digit}`] = [digit, '=!"#¤%&/()'[at], "}\0@£$€\0{[]"[at]];
});
for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  for (const layout of [US, FINNISH]) layout[`Key${letter}`] = [letter.toLowerCase(), letter];
}

/** The keys that a scanner set to one keyboard presses, as the browser of a computer set to another reports them. */
function press(text, scanner, computer, { capsLock = false, positions = true } = {}) {
  return [...text].map((sign) => {
    const [code, signs] = Object.entries(scanner).find(([, list]) => list.includes(sign));
    const level = signs.indexOf(sign);
    let key = computer[code][level] ?? computer[code][0];
    if (capsLock && /^Key/.test(code)) key = key === key.toUpperCase() ? key.toLowerCase() : key.toUpperCase();
    if (key === "`" || key === "´") key = "Dead";
    return { key, code: positions ? code : "", shift: level === 1, alt: level === 2 };
  });
}

/** What Windows leaves in a field: a dead accent melts into a vowel, swallows a space, and stands before anything else. */
function left(keys) {
  let text = "";
  let dead = false;
  for (const { key } of keys) {
    if (key === "Dead") {
      text += dead ? "``" : "";
      dead = !dead;
    } else if (dead) {
      text += /[aeiou]/i.test(key) ? `${key}\u0300`.normalize("NFC") : key === " " ? "`" : `\`${key}`;
      dead = false;
    } else text += key;
  }
  return text;
}

for (const [name, scanner, computer] of [
  ["US scanner, US computer", US, US],
  ["Finnish scanner, Finnish computer", FINNISH, FINNISH],
  ["US scanner, Finnish computer", US, FINNISH],
  ["Finnish scanner, US computer", FINNISH, US],
]) {
  for (const capsLock of [false, true]) {
    test(`${name}${capsLock ? ", Caps Lock on" : ""}: the code arrives whole`, () => {
      assert.equal(textOfKeys(press(CODE, scanner, computer, { capsLock })), CODE);
    });
  }
}

test("text without key positions is repaired: a US scanner on a Finnish computer", () => {
  const code = "KP1:AB+70$ 9%.F*4-O/Z:+E+KX+I";
  const shown = left(press(code, US, FINNISH));
  assert.equal(shown, "KP1ÖAB`70¤ 9%.F(4+O-ZÖÈ`KXÌ");
  assert.equal(repairText(shown), code);
  assert.equal(repairText(shown.toLowerCase()), code);
  assert.equal(repairText(shown.replace("¤", "€")), code, "a Mac shows € where a PC shows ¤");
});

test("text without key positions is repaired: a Finnish scanner on a US computer", () => {
  const code = "KP1:AB+70 9%.F*4-O/Z:";
  const shown = left(press(code, FINNISH, US));
  assert.equal(shown, "KP1>AB-70 9%.F|4/O&Z>");
  assert.equal(repairText(shown), code);
});

test("a good code is left alone, also in lower case and with the line end", () => {
  assert.equal(repairText(CODE), CODE);
  assert.equal(repairText(`${CODE.toLowerCase()}\r\n`), CODE);
});

test("what is not ours is not changed", () => {
  for (const text of ["https://example.org/?a=1", "12345678901", "Öljy", "", "KP1", "kp1 hei åå", "KP2:ABC"]) {
    assert.equal(repairText(text), text);
  }
});

/** A field or a button, and keys pressed in it a given number of milliseconds apart. */
function stage(tagName = "BODY") {
  const element = Object.assign(new EventTarget(), { tagName, value: "" });
  const told = [];
  const stop = listenKeyboard(element, (text) => told.push(text));
  let at = 1000;
  const prevented = [];
  const type = (keys, gap) => {
    for (const { key, code, shift, alt } of keys) {
      at += gap;
      const event = new Event("keydown", { cancelable: true, bubbles: true });
      Object.defineProperties(event, {
        timeStamp: { value: at }, key: { value: key }, code: { value: code }, shiftKey: { value: Boolean(shift) },
        altKey: { value: Boolean(alt) }, ctrlKey: { value: false }, metaKey: { value: false }, repeat: { value: false },
      });
      element.dispatchEvent(event);
      if (event.defaultPrevented) prevented.push(key);
      else if (tagName === "INPUT" && key.length === 1) element.value += key;
    }
  };
  return { element, told, type, prevented, stop };
}
const ENTER = { key: "Enter", code: "Enter" };
const SHIFT = { key: "Shift", code: "ShiftLeft", shift: true };

test("a burst that ends with Enter is one text, Shift keys between them and all", () => {
  const { told, type } = stage();
  type([...press(CODE, US, FINNISH).flatMap((key) => (key.shift ? [SHIFT, key] : [key])), ENTER], 12);
  assert.deepEqual(told, [CODE]);
});

test("two cards one after the other are two texts", () => {
  const { told, type } = stage();
  type([...press("KP1:AAA", US, US), ENTER], 5);
  type([...press("KP1:BBB", US, US), ENTER], 5);
  assert.deepEqual(told, ["KP1:AAA", "KP1:BBB"]);
});

test("a plain number is told as it is", () => {
  const { told, type } = stage();
  type([...press("12345678901", US, FINNISH), ENTER], 8);
  assert.deepEqual(told, ["12345678901"]);
});

test("a person's typing is not stolen, nor its Enter", () => {
  const { element, told, type, prevented } = stage("INPUT");
  type([...press("12345678901", US, US), ENTER], 90);
  assert.deepEqual(told, []);
  assert.deepEqual(prevented, []);
  assert.equal(element.value, "12345678901");
});

test("a quick stroke of few keys and Enter is a person", () => {
  const { told, type, prevented } = stage("INPUT");
  type([...press("abc", US, US), ENTER], 20);
  assert.deepEqual([told, prevented], [[], []]);
});

test("a scan while a field has the focus leaves the field as it was, and does not send its form", () => {
  const { element, told, type, prevented } = stage("INPUT");
  let inputs = 0;
  element.addEventListener("input", () => (inputs += 1));
  element.value = "123";
  type([...press("KP1:ABC+D E", US, FINNISH), ENTER], 10);
  assert.deepEqual(told, ["KP1:ABC+D E"]);
  assert.equal(element.value, "123");
  assert.deepEqual(prevented, ["Enter"]);
  assert.equal(inputs, 1);
});

test("a space in a code presses no button that has the focus", () => {
  const { told, type, prevented } = stage("BUTTON");
  type([...press("KP1:A B", US, US), ENTER], 10);
  assert.deepEqual(told, ["KP1:A B"]);
  assert.ok(prevented.includes(" ") && prevented.includes("Enter"));
});

test("after stop nothing is heard", () => {
  const { told, type, stop } = stage();
  stop();
  type([...press("KP1:ABC", US, US), ENTER], 5);
  assert.deepEqual(told, []);
});
