/** Saying the card's one line of state, in the page's own words. */

/** Put the sentence `id` into the line, its slots filled with `facts`. */
export function say(id, facts = {}) {
  const states = document.getElementById("states").content;
  const sentence = states.querySelector(`[data-state="${id}"]`);
  const line = document.querySelector("[data-state-line]");
  if (!sentence || !line) return;
  const said = states.querySelector(`[data-kind="${sentence.dataset.as}"] .status`).cloneNode(true);
  said.querySelector("span").textContent = filled(sentence.textContent, facts);
  line.replaceChildren(said);
}

/** A sentence with its {slots} filled. @param {string} text @param {object} facts */
export function filled(text, facts) {
  return text.replace(/\{(\w+)\}/g, (slot, name) => facts[name] ?? slot);
}

/** "3 weeks ago", in the page's language. @param {number} days */
export function ago(days) {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: days < 2 ? "auto" : "always" });
  return days < 14 ? words.format(-days, "day") : words.format(-Math.floor(days / 7), "week");
}

/** A day as readers of this language write it: 5.12.2026. @param {number|string} day ms, or 2026-12-05 */
export function dayOf(day) {
  const language = document.documentElement.lang;
  // Swedish in Finland writes days as Finnish does.
  const style = language === "en" ? { dateStyle: "medium" } : { day: "numeric", month: "numeric", year: "numeric" };
  const date = typeof day === "string" ? Date.parse(`${day}T12:00:00Z`) : day;
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : "fi", { timeZone: "Europe/Helsinki", ...style }).format(date);
}
