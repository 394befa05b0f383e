/**
 * The gate's page as its facts say: whose it is, how many were recorded, what people may come for. The server sends the
 * facts and not the words, so that the same page opens without a connection.
 */

/**
 * @param {(name: string) => HTMLElement} find a part of the page
 * @param {ReturnType<typeof import("./words.js").createWords>} words
 * @param {string} language of the page
 */
export function createPage(find, words, language) {
  let shown = null;

  function fillEvents(form, { events, offers }) {
    const chosen = form.elements.event?.value ?? "";
    const [list, template] = [find("events"), document.getElementById("event-choice")];
    list.querySelectorAll("[data-event]").forEach((row) => row.remove());
    for (const event of events) {
      const row = template.content.cloneNode(true).querySelector("label");
      const [box, hint] = [row.querySelector("input"), row.querySelector(".choice__hint")];
      const when = words.when(event.starts_at);
      row.dataset.event = "";
      row.htmlFor = box.id = `event-${event.id}`;
      hint.id = `${box.id}-hint`;
      box.setAttribute("aria-describedby", hint.id);
      box.value = event.id;
      box.checked = chosen === String(event.id);
      box.dataset.name = `${event.name} ${when}`;
      box.dataset.kind = event.kind;
      row.querySelector(".choice__label").textContent = event.name;
      hint.textContent = [when, event.left !== null && words.count("left", event.left)].filter(Boolean).join(" · ");
      list.append(row);
    }
    form.dataset.kind = offers[0] ?? "ticket";
    const kinds = [...form.querySelectorAll('[name="kind"]')];
    find("kinds").hidden = offers.length < 2; // nothing to choose: the event's own kind, or the one that is offered
    form.toggleAttribute("data-several", offers.length > 1);
    for (const box of kinds) box.closest("label").hidden = !offers.includes(box.value);
    if (!kinds.some((box) => box.checked && offers.includes(box.value))) {
      kinds.forEach((box) => (box.checked = box.value === offers[0]));
    }
  }

  return {
    fill(facts) {
      const name = facts.names[language] ?? facts.names.fi;
      find("venue").textContent = `${name} · ${facts.gate_name}`;
      const today = facts.day === words.dayOf(Date.now());
      find("count").textContent = today ? facts.uses : "–";
      const choices = JSON.stringify([facts.events, facts.offers]);
      if (choices !== shown) fillEvents(find("evening"), facts);
      shown = choices;
    },
  };
}

/**
 * The lines below the camera, never hidden while there is something to say: no connection, what is not sent, what was
 * refused, what belongs to another venue.
 * @param {(name: string) => HTMLElement} find
 * @param {ReturnType<typeof import("./words.js").createWords>} words
 */
export function createLines(find, words) {
  const { say, count, when } = words;

  function line(name, ...sentences) {
    const text = sentences.filter(Boolean).join(" ");
    const part = find(name);
    part.hidden = text === "";
    const span = part.querySelector("span");
    if (span.textContent !== text) span.textContent = text; // a screen reader hears it once
  }

  /** @param {object} known waiting, foreign, refused (records), trouble, link, list, lasting, gate (whether it is one) */
  return function tell({ waiting, foreign, refused, trouble, link, list, lasting, gate }) {
    const unsent = waiting.length;
    const since = link.at && say("contact", { time: when(link.at) });
    const pill = find("waiting");
    pill.hidden = unsent + foreign.length === 0;
    pill.querySelector("[data-number]").textContent = unsent + foreign.length;

    if (!gate) line("kept", say("no_gate"));
    else if (link.signedOut) line("kept", unsent ? count("sign_in", unsent) : say("failure.signed_out"));
    else if (!link.up) {
      const known = link.failure === "no_connection" ? null : say(`failure.${link.failure}`);
      line("kept", unsent ? count("kept", unsent) : say("away"), known, unsent ? since : say("away.next"));
    } else if (unsent) line("kept", count("kept", unsent), trouble && say(`failure.${trouble}`), since);
    else line("kept", !lasting && say("not_lasting"));
    find("send-kept").hidden = !unsent || link.signedOut;
    find("enrol-again").hidden = !link.signedOut;

    line("refused", refused.length && count("refused", refused.length));
    line("foreign", foreign.length && count("foreign", foreign.length));
    const quiet = gate && link.up && !link.signedOut && list && unsent + refused.length + foreign.length === 0 && lasting;
    line("ready", quiet && say("ready", { time: when(list.issued) }));
  };
}
