/** Bringing cards in: how far it is, line by line, as the server does it. Without this script the page grows instead. */

const form = document.querySelector("form[data-import]");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const going = form.querySelector("[data-going]");
  if (!going.hidden) return; // a second click is not a second yes
  going.hidden = false;
  form.querySelector(".cluster").hidden = true;
  try {
    await follow(await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/x-ndjson" } }));
    location.replace(form.dataset.import); // which says what was done, or why not
  } catch {
    going.hidden = true;
    form.querySelector("[data-failed]").hidden = false;
  }
});

/** Show each line of the answer. Throws where the answer is not one, or ends before it says how it ended. */
async function follow(response) {
  if (!response.headers.get("Content-Type")?.startsWith("application/x-ndjson")) throw new Error("not carried out");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let ended = false;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines) ended = show(JSON.parse(line)) || ended;
  }
  if (!ended) throw new Error("cut off");
}

function show(step) {
  if (step.ended) return true;
  const progress = form.querySelector("progress");
  [progress.max, progress.value] = [step.total, step.done];
  form.querySelector("[data-count]").textContent = `${step.done} / ${step.total}`;
  return false;
}
