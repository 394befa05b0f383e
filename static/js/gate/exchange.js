/**
 * Asking the register. Whatever can come back instead of an answer has a word of its own, and nothing waits for ever.
 */
const PATIENCE = 8000;
// What something in front of us may answer without our words.
const BY_STATUS = { 401: "signed_out", 429: "too_many" };
const AWAY = new Set(["no_connection", "timeout", "unexpected", "broken", "too_many"]);

/** Whether a failure means that the register was not reached, so that this phone must do by itself. */
export const isAway = (failure) => AWAY.has(failure);

/**
 * @typedef {object} Result
 * @property {boolean} ok
 * @property {object} [data] the answer
 * @property {string} [failure] `no_connection`, `timeout`, `unexpected` (not our JSON: a login page of the Wi-Fi, an
 *   empty answer), `broken` (5xx), or the server's own reason: `signed_out`, `page_too_old`, `too_many`, …
 */

/**
 * @param {object} options
 * @param {() => string} options.csrf
 * @param {typeof fetch} [options.fetch]
 * @param {number} [options.patience] milliseconds for the whole answer
 * @param {(result: Result, sentAt: number, receivedAt: number) => void} [options.onHeard] after every request
 * @returns {(path: string, body?: object, patience?: number) => Promise<Result>} without a body it only asks; with one,
 *   it says when it was sent, so that a wrong clock of this phone is put right
 */
export function createExchange(options) {
  const { csrf, fetch = (...asked) => globalThis.fetch(...asked), patience: usual = PATIENCE, onHeard } = options;
  return async function send(path, body, patience = usual) {
    const given = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      given.abort();
    }, patience);
    const sentAt = Date.now();
    let result;
    try {
      const posted = body && {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf() },
        body: JSON.stringify({ sent_at: new Date(sentAt).toISOString(), ...body }),
      };
      const response = await fetch(path, {
        ...(posted ?? { headers: { Accept: "application/json" } }),
        cache: "no-store",
        redirect: "manual", // nothing of ours redirects; a Wi-Fi's login page does
        signal: given.signal,
      });
      result = understand(response.status, await response.text());
    } catch {
      result = { ok: false, failure: late ? "timeout" : "no_connection" };
    } finally {
      clearTimeout(timer);
    }
    onHeard?.(result, sentAt, Date.now());
    return result;
  };
}

function understand(status, text) {
  let data = null;
  try {
    data = JSON.parse(text);
  } catch {}
  if (status >= 500) return { ok: false, failure: "broken" };
  if (typeof data?.error === "string") return { ok: false, failure: data.error };
  if (BY_STATUS[status]) return { ok: false, failure: BY_STATUS[status] };
  if (data === null || typeof data !== "object") return { ok: false, failure: "unexpected" };
  return { ok: true, data };
}
