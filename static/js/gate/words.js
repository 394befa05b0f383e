/**
 * The page's words in the reader's language. They stand in the template, a line each ("id: sentence", since 200 elements
 * would weigh as much as the words); a script only picks one and fills its {slots}, as text.
 */

/**
 * @param {HTMLTemplateElement} template
 * @param {string} language of the page
 */
export function createWords(template, language) {
  const lines = template.content.textContent.matchAll(/^([\w.]+): (.*)$/gm);
  const phrases = new Map([...lines].map(([, id, phrase]) => [id, phrase.trim()]));
  const zone = { timeZone: "Europe/Helsinki" };
  const hours = new Intl.DateTimeFormat("en-GB", { ...zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

  function say(id, slots = {}) {
    const phrase = phrases.get(id);
    return phrase && phrase.replace(/\{(\w+)\}/g, (_, slot) => String(slots[slot] ?? ""));
  }

  const isoDays = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Helsinki" });

  const words = {
    /** The phrase with its slots filled, or undefined where there is none. */
    say,
    /** "1 child", "2 children". */
    count: (id, num) => say(`${id}.${num === 1 ? "one" : "other"}`, { num }),
    /** A moment (ISO) as an hour in Finland: 14.02, in English 14:02. */
    clock(iso) {
      const text = hours.format(new Date(iso));
      return language === "en" ? text : text.replace(/^0/, "").replace(":", ".");
    },
    /** A day (ISO): 5.12.2026, in English 5 Dec 2026. */
    day(iso) {
      const [year, month, day] = iso.split("-").map(Number);
      return language === "en" ? days.format(new Date(iso)) : `${day}.${month}.${year}`;
    },
    /** Cents as euros: 40 €, 12,50 €, in English €12.50. */
    euros(cents) {
      const text = (cents / 100).toFixed(cents % 100 ? 2 : 0);
      return language === "en" ? `€${text}` : `${text.replace(".", ",")}\u00a0€`;
    },
    /** A moment: the hour where it is today, else the day too. */
    when(moment, now = Date.now()) {
      const [day, today] = [moment, now].map((one) => isoDays.format(new Date(one)));
      return day === today ? words.clock(moment) : `${words.day(day)} ${words.clock(moment)}`;
    },
    /** The day in Finland (ISO) of a moment. */
    dayOf: (moment) => isoDays.format(new Date(moment)),
  };
  return words;
}
