// The browser's side of test_round_trip.py: one JSON line in, one out, in the order of a card's life.
import { createInterface } from "node:readline";

import { mintPhone } from "../../static/js/codes/mint.js";
import { compressedPoint, generatePhoneKey, proveKey } from "../../static/js/codes/phoneKey.js";
import { keyMap, verify } from "../../static/js/codes/verify.js";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));
const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const hear = async () => JSON.parse((await lines.next()).value);

const { deployment, nonce } = await hear();
const pair = await generatePhoneKey();
say({
  point: hex(await compressedPoint(pair.publicKey)),
  proof: hex(await proveKey(pair.privateKey, deployment, bytes(nonce))),
});

const { credential, showings } = await hear();
const held = { credential: bytes(credential), privateKey: pair.privateKey, deployment };
say(await Promise.all(showings.map((showing) => mintPhone({ ...held, ...showing }))));

const { keys, codes } = await hear();
const reasons = codes.map(({ text, at }) =>
  verify(text, { keys: keyMap(keys), deployment, at }).then(
    () => null,
    (refusal) => refusal.reason,
  ),
);
say(await Promise.all(reasons));
process.exit();
