import { expect, test } from "vitest";
import { parsecAnswer } from "../../../../runner/net/mysql/parsec.js";

/** Computed with Python's hashlib and libsodium: PBKDF2-HMAC-SHA512 of the password, and a signature of both nonces by that seed. */
const PASSWORD = Buffer.from("correct-horse");
const SALT = Buffer.from(Array.from({ length: 18 }, (_, index) => index + 1));
const SERVER = Buffer.from(Array.from({ length: 32 }, (_, index) => index + 32));
const CLIENT = Buffer.from(Array.from({ length: 32 }, (_, index) => index + 100));

const extended = (power: number, derivation = "P"): Buffer => Buffer.concat([Buffer.from(derivation), Buffer.from([power]), SALT]);

test.each([
  [0, "0c86ba816abf1c1f57c5a3a9d8b7f83019f41b05de5ec9fd310c2f0a863eb9767e3306bf8c199191da67f3e05979d4e2d8d8a0637b4ae8346e552d6280a29d0e"],
  [3, "6928d5aa6a26bcb8d3299a0d483e6c9ad9519ae419daa988e49ff75036bf096c7282140b56d87271e9053b64a7a90c6b424a30f002943858100d77859437a505"],
])("1024 x 2^%i iterations", async (power, signature) => {
  const answer = await parsecAnswer(PASSWORD, extended(power), SERVER, CLIENT);
  expect(answer.subarray(0, 32)).toEqual(CLIENT);
  expect(answer.subarray(32).toString("hex")).toBe(signature);
});

test.each<[what: string, salt: Buffer, code: string]>([
  ["another derivation", extended(0, "Q"), "protocol_violation"],
  ["nothing", Buffer.alloc(0), "protocol_violation"],
  ["no salt", Buffer.from("P\0"), "protocol_violation"],
  ["iterations that take seconds", extended(11), "limit_exceeded"],
])("%s", async (_, salt, code) => {
  await expect(parsecAnswer(PASSWORD, salt, SERVER, CLIENT)).rejects.toMatchObject({ failure: { phase: "auth", code } });
});
