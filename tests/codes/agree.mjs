// The gate's side of test_agreement.py: reads {keys, deployment, codes: [[text, at], …]}, says the reasons in order.
import { readFileSync, writeFileSync } from "node:fs";

import { keyMap, verify } from "../../static/js/codes/verify.js";

const [from, to] = process.argv.slice(2);
const { keys, deployment, codes } = JSON.parse(readFileSync(from, "utf8"));
const checker = { keys: keyMap(keys), deployment };
const reasons = [];
for (const [text, at] of codes) {
  reasons.push(await verify(text, { ...checker, at }).then(() => null, (refusal) => refusal.reason));
}
writeFileSync(to, JSON.stringify(reasons));
