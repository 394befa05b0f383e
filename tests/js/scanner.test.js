// If these fail, a code held before the camera floods the gate with repeats, or a second visitor waits for the first.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createNews } from "../../static/js/scan/scanner.js";

/** What of a list of [milliseconds, text] sightings is told. */
function told(sightings) {
  let at = 0;
  const news = createNews(() => at);
  return sightings.filter(([when, text]) => ((at = when), news.isNew(text))).map(([when, text]) => `${when} ${text}`);
}
const held = (text, from, to, step = 100) =>
  Array.from({ length: (to - from) / step + 1 }, (_, i) => [from + i * step, text]);

test("a code held for five seconds is told once", () => {
  assert.deepEqual(told(held("A", 0, 5000)), ["0 A"]);
});

test("a code read only now and then is still the same one held", () => {
  assert.deepEqual(told(held("A", 0, 9000, 1500)), ["0 A"]);
});

test("another code is told at once", () => {
  assert.deepEqual(told([...held("A", 0, 1000), [1033, "B"]]), ["0 A", "1033 B"]);
});

test("out of view for two seconds it is told again", () => {
  assert.deepEqual(told([[0, "A"], [1900, "A"], [3950, "A"]]), ["0 A", "3950 A"]);
});

test("after another code the first is told again", () => {
  assert.deepEqual(told([[0, "A"], [500, "B"], [1000, "A"]]), ["0 A", "500 B", "1000 A"]);
});

test("two codes side by side, read in turn, are told once each", () => {
  const sightings = held("A", 0, 4000, 200).flatMap(([at, text]) => [[at, text], [at + 100, "B"]]);
  assert.deepEqual(told(sightings), ["0 A", "100 B"]);
});

test("forgotten, the code in view is told again", () => {
  let at = 0;
  const news = createNews(() => at);
  assert.equal(news.isNew("A"), true);
  at = 100;
  assert.equal(news.isNew("A"), false);
  news.forget();
  assert.equal(news.isNew("A"), true);
});
