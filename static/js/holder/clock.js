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

/**
 * Watches for a clock that was moved while the page was open: then the kept offset is worth nothing.
 *
 * A phone that sleeps stops the steady clock in some browsers, which looks like a clock that was put forward. So a jump
 * forward counts only where the page was seen all the while; a jump back counts always.
 * @returns {(slept: boolean) => boolean} whether the clock jumped since the last call
 */
export function jumpWatch(wall = () => Date.now(), steady = () => performance.now()) {
  let before = wall() - steady();
  return (slept) => {
    const jump = wall() - steady() - before;
    before += jump;
    return jump < -IGNORE_MS || (jump > IGNORE_MS && !slept);
  };
}
