/** Asking the server: JSON in, JSON out, every failure a worded reason and never a silence. */

const SECONDS = 8;

/** What went wrong: `reason` is the server's own, or no_connection, signed_out, failed. */
export class Failed extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * Send JSON (or just ask, without `body`) and get JSON.
 * @param {string} url @param {object} [body] @returns {Promise<object>} throws Failed
 */
export async function ask(url, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  }
  let response;
  try {
    response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(SECONDS * 1000),
    });
  } catch {
    throw new Failed("no_connection");
  }
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new Failed("failed");
  }
  if (!response.ok) throw new Failed(answer?.error ?? "failed");
  return answer;
}

/** Bytes as base64url. @param {Uint8Array} bytes */
export function toBase64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** base64url as bytes. @param {string} text @returns {Uint8Array} */
export function fromBase64url(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}
