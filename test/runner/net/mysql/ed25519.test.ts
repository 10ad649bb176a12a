import { createPrivateKey, sign } from "node:crypto";
import { expect, test } from "vitest";
import { signEd25519 } from "../../../../runner/net/mysql/ed25519.js";

/** PKCS #8 of an Ed25519 key (RFC 8410, section 7). */
const HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

test("a signature by a key of 32 bytes is OpenSSL's", () => {
  for (let round = 0; round < 8; round++) {
    const seed = Buffer.alloc(32, round * 31 + 7);
    const message = Buffer.from(`nonce ${round}`);
    const key = createPrivateKey({ key: Buffer.concat([HEADER, seed]), format: "der", type: "pkcs8" });
    expect(signEd25519(seed, message).toString("hex")).toBe(sign(null, message, key).toString("hex"));
  }
});
