/**
 * Asking the register. Whatever can come back instead of an answer has a word of its own, and nothing waits for ever.
 */
const PATIENCE = 8000;
// What something in front of us may answer without our words.
const BY_STATUS = { 401: "signed_out", 429: "too_many" };

/**
 * @typedef {object} Result
 * @property {boolean} ok
 * @property {object} [data] the answer
 * @property {string} [failure] `no_connection`, `timeout`, `unexpected` (not our JSON: a login page of the Wi-Fi, an
 *   empty answer), `broken` (5xx), or the server's own reason: `signed_out`, `page_too_old`, `too_many`, …
 */

/**
 * @param {object} options
 * @param {string} options.csrf
 * @param {typeof fetch} [options.fetch]
 * @param {number} [options.patience] milliseconds for the whole answer
 * @returns {(path: string, body: object) => Promise<Result>} every request says when it was sent, so that a wrong
 *   clock of this phone is put right
 */
export function createExchange({ csrf, fetch = (...asked) => globalThis.fetch(...asked), patience = PATIENCE }) {
  return async function send(path, body) {
    const given = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      given.abort();
    }, patience);
    try {
      const response = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf },
        body: JSON.stringify({ sent_at: new Date().toISOString(), ...body }),
        cache: "no-store",
        redirect: "manual", // nothing of ours redirects; a Wi-Fi's login page does
        signal: given.signal,
      });
      return understand(response.status, await response.text());
    } catch {
      return { ok: false, failure: late ? "timeout" : "no_connection" };
    } finally {
      clearTimeout(timer);
    }
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
