/**
 * The JavaScript twin of the codes. Missed otherwise: a gate that, without a connection, accepts what the server refuses
 * or the other way round; a phone whose codes no gate reads.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { decode, encode } from "../../static/js/codes/base45.js";
import { helsinkiDay, stepAt } from "../../static/js/codes/days.js";
import { message, mintPhone, partyByte } from "../../static/js/codes/mint.js";
import { decompress, importPoint, signedBy } from "../../static/js/codes/p256.js";
import { compressedPoint, generatePhoneKey, proveKey } from "../../static/js/codes/phoneKey.js";
import { CodeRefused, credentialBytes, parse } from "../../static/js/codes/token.js";
import { keyMap, OFFLINE, ONLINE, SERVER_SHOWN, verify } from "../../static/js/codes/verify.js";

const vectors = JSON.parse(readFileSync(new URL("../codes/vectors.json", import.meta.url), "utf8"));
const keys = keyMap(vectors.keys);
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));
const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const AT = Date.parse("2026-05-04T09:00:00Z");
const STEP = 118_525_680;

async function reasonOf(text, checker) {
  try {
    await verify(text, { keys, deployment: vectors.deployment, at: AT, ...checker });
  } catch (error) {
    if (error instanceof CodeRefused) return error.reason;
    throw error;
  }
  return null;
}

async function phoneKey() {
  const body = vectors.phone.private.replace(/-----[^-]+-----|\s/g, "");
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  return crypto.subtle.importKey("pkcs8", Buffer.from(body, "base64"), curve, false, ["sign"]);
}

test("every code of the vectors gets the answer written for it", async (t) => {
  for (const row of vectors.codes) {
    await t.test(row.name, async () => {
      const [early, late] = row.window;
      const checker = { keys, deployment: row.deployment, at: Date.parse(row.at), window: { early, late } };
      if (row.reason !== null) {
        await assert.rejects(verify(row.text, checker), (error) => {
          assert.ok(error instanceof CodeRefused);
          assert.equal(error.reason, row.reason);
          assert.equal(error.code === null, ["other_system", "unreadable"].includes(row.reason));
          return true;
        });
        return;
      }
      const { code } = await verify(row.text, checker);
      for (const [name, expected] of Object.entries(row.fields ?? {})) {
        const value = code[camel(name)];
        assert.equal(value instanceof Uint8Array ? hex(value) : value, expected, name);
      }
      assert.deepEqual(parse(row.text), code);
    });
  }
});

test("points", () => {
  for (const { compressed, point, why } of vectors.points) {
    if (point === null) assert.throws(() => decompress(bytes(compressed)), RangeError, why);
    else assert.equal(hex(decompress(bytes(compressed))), point);
  }
});

test("base45", () => {
  for (const row of vectors.base45) {
    if (row.hex === null) {
      assert.throws(() => decode(row.text), RangeError, row.text);
    } else {
      assert.equal(hex(decode(row.text)), row.hex);
      assert.equal(encode(bytes(row.hex)), row.text);
    }
  }
  for (const text of ["😀0", "0😀", "😀", "\ud83d00", "00\ud83d"]) assert.throws(() => decode(text), RangeError);
});

test("moments", () => {
  for (const row of vectors.moments) {
    const at = Date.parse(row.at);
    assert.deepEqual([helsinkiDay(at), stepAt(at)], [row.day, row.step], row.at);
  }
});

test("the windows are those of the server", () => {
  assert.deepEqual([ONLINE, OFFLINE, SERVER_SHOWN], [
    { early: -30, late: 60 },
    { early: -60, late: 120 },
    { early: -30, late: 120 },
  ]);
});

test("a phone's code is minted, read and accepted", async () => {
  const credential = bytes(vectors.phone.credential);
  const text = await mintPhone({
    credential,
    privateKey: await phoneKey(),
    deployment: vectors.deployment,
    step: STEP,
    audience: 0xbeef,
    party: partyByte(15, 2),
  });
  const { code } = await verify(text, { keys, deployment: vectors.deployment, at: AT });
  assert.deepEqual(
    [code.step, code.audience, code.partyChildren, code.partyAssistants],
    [STEP, 0xbeef, 15, 2],
  );
  assert.deepEqual(credentialBytes(code), credential);
  assert.equal(await reasonOf(text, { deployment: "kokeilu.example.org" }), "forged");
  // Without a window, the one of a gate that has no connection.
  assert.equal(await reasonOf(text, { at: AT + 120_000 }), null);
  assert.equal(await reasonOf(text, { at: AT + 120_001 }), "old_code");
});

test("what does not fit is not minted", async () => {
  const good = {
    credential: bytes(vectors.phone.credential),
    privateKey: await phoneKey(),
    deployment: vectors.deployment,
    step: STEP,
  };
  for (const change of [
    { credential: new Uint8Array(112) },
    { step: -1 },
    { step: 2 ** 32 },
    { step: 1.5 },
    { step: NaN },
    { audience: 65536 },
    { party: 256 },
  ]) {
    await assert.rejects(mintPhone({ ...good, ...change }), RangeError);
  }
  assert.throws(() => partyByte(16, 0), RangeError);
  assert.throws(() => partyByte(0, -1), RangeError);
});

test("a new phone key cannot be taken out, and its point is compressed rightly", async () => {
  for (let i = 0; i < 8; i += 1) {
    const pair = await generatePhoneKey();
    assert.equal(pair.privateKey.extractable, false);
    await assert.rejects(crypto.subtle.exportKey("pkcs8", pair.privateKey));
    const whole = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    assert.deepEqual(decompress(await compressedPoint(pair.publicKey)), whole);
  }
});

test("a phone proves its key under a prefix that no code has", async () => {
  const pair = await generatePhoneKey();
  const key = await importPoint(await compressedPoint(pair.publicKey));
  const nonce = crypto.getRandomValues(new Uint8Array(32));
  const proof = await proveKey(pair.privateKey, vectors.deployment, nonce);
  assert.equal(proof.length, 64);
  assert.ok(await signedBy(key, proof, message("prove", vectors.deployment, nonce)));
  assert.ok(!(await signedBy(key, proof, message("show", vectors.deployment, nonce))));
  assert.ok(!(await signedBy(key, proof, message("prove", "kokeilu.example.org", nonce))));
  assert.ok(!(await signedBy(key, proof.subarray(1), message("prove", vectors.deployment, nonce))));
});

test("a listed key may be bytes, and a moment must be a number", async () => {
  const row = vectors.codes.find(({ name }) => name === "C2");
  const entry = vectors.keys.find(({ type, kid }) => type === "C2" && kid === 4711);
  const asBytes = new Map([["C2:4711", { public: bytes(entry.public) }]]);
  assert.equal(await reasonOf(row.text, { keys: asBytes }), null);
  for (const at of [NaN, undefined, "2026-05-04"]) {
    await assert.rejects(verify(row.text, { keys, deployment: vectors.deployment, at }), TypeError);
  }
});

test("no single flipped bit is accepted", async () => {
  let tried = 0;
  for (const name of ["C1", "C2", "C3"]) {
    const { text } = vectors.codes.find((row) => row.name === name);
    const raw = decode(text.slice(4));
    for (let bit = 0; bit < raw.length * 8; bit += 1) {
      const altered = raw.slice();
      altered[bit >> 3] ^= 1 << (bit & 7);
      assert.notEqual(await reasonOf("KP1:" + encode(altered)), null, `${name} bit ${bit}`);
      tried += 1;
    }
  }
  assert.equal(tried, (184 + 80 + 87) * 8);
});

test("whatever a text is, the answer is a refusal and not another error", async () => {
  // A generator with a fixed start (xorshift), so that a failure can be seen again.
  let state = 0x2545f491;
  const random = (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const lengths = [0, 1, 50, 120, 131, 276];
  for (let i = 0; i < 5000; i += 1) {
    const length = lengths[random(lengths.length)];
    const limit = [0x30, 0x60, 0x100, 0x10000][random(4)];
    const tail = Array.from({ length }, () => String.fromCharCode(random(limit))).join("");
    assert.ok(["unreadable", "other_system"].includes(await reasonOf(["KP1:", "KP1", ""][random(3)] + tail)));
  }
});
