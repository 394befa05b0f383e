/** The phone's clock against the server's (CODES.md, "The phone's key"). */

const IGNORE_MS = 3_000;
const APPLY_MS = 10 * 60_000;

/**
 * The offset to keep of one request: server time − the request's midpoint.
 * @returns {number} milliseconds to add to Date.now(); NaN where the clock is too far off to guess.
 */
export function offsetOf(sentAt, receivedAt, serverNow) {
  const offset = serverNow - (sentAt + receivedAt) / 2;
  if (Math.abs(offset) <= IGNORE_MS) return 0;
  return Math.abs(offset) <= APPLY_MS ? offset : NaN;
}

/** Watches for a clock that was moved while the page was open: then nothing kept can be trusted. */
export function jumpWatch() {
  const start = Date.now() - performance.now();
  return () => Math.abs(Date.now() - performance.now() - start) > IGNORE_MS;
}
