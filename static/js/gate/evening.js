/**
 * What people come for, chosen once for the evening: an event or today's visit, and the kind where there are several.
 * Remembered until the browser is closed, so that a reload does not ask again.
 */
const NAME = "gate.evening";

/**
 * @param {HTMLFormElement} form radios `event` (empty: no event) and, where there is a choice, `kind`
 * @param {Storage|null} storage
 * @param {() => void} onChange
 */
export function createEvening(form, storage, onChange) {
  const chosen = (name) => form.elements[name]?.value || null;
  const several = () => form.hasAttribute("data-several"); // kinds to choose from
  const radio = (name, value) => form.querySelector(`[name="${name}"][value="${CSS.escape(value)}"]`);

  function tick(name, value) {
    const found = radio(name, value);
    if (found) found.checked = true;
    return Boolean(found);
  }

  const eventBox = (id) => (id === null ? null : radio("event", String(id)));
  const current = () => {
    const event = chosen("event");
    const box = eventBox(event);
    return { event: event ? Number(event) : null, kind: (several() && chosen("kind")) || (box?.dataset.kind ?? form.dataset.kind) };
  };

  /** Choose what was chosen before, once the events are there. */
  function recall() {
    try {
      const kept = JSON.parse(storage?.getItem(NAME) ?? "null");
      // An event that is over is not in the list any more: the evening begins anew.
      if (kept && tick("event", kept.event === null ? "" : String(kept.event))) tick("kind", kept.kind);
    } catch {}
  }
  recall();

  form.addEventListener("change", ({ target }) => {
    if (target.name === "event" && target.dataset.kind) tick("kind", target.dataset.kind);
    if (!["event", "kind"].includes(target.name)) return;
    try {
      storage?.setItem(NAME, JSON.stringify(current()));
    } catch {}
    onChange();
  });

  return {
    recall,
    get current() {
      return current();
    },
    /** The name of an event of the list, as staff read it; of no event, "Today's visit". */
    nameOf: ({ event }) => (eventBox(event) ?? radio("event", ""))?.dataset.name ?? "",
  };
}
