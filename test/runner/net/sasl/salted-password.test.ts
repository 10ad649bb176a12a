import { pbkdf2Sync } from "node:crypto";
import { expect, test } from "vitest";
import { saltedPassword } from "../../../../runner/net/sasl/salted-password.js";

const SALT = Buffer.from("a salt of a server");

test("it is PBKDF2 with SHA-256, derived once for each password, salt and number of iterations", async () => {
  const first = saltedPassword("correct-horse", SALT, 4096);
  expect(saltedPassword("correct-horse", Buffer.from(SALT), 4096)).toBe(first);
  expect(await first).toEqual(pbkdf2Sync("correct-horse", SALT, 4096, 32, "sha256"));
  for (const [password, salt, iterations] of [
    ["correct-horse-", SALT, 4096],
    ["correct-horse", Buffer.from("a salt of another"), 4096],
    ["correct-horse", SALT, 4097],
    // A part of the salt is none of the password.
    [`${SALT.toString()}correct-horse`, Buffer.alloc(0), 4096],
  ] as const) {
    const other = await saltedPassword(password, salt, iterations);
    expect(other).toEqual(pbkdf2Sync(password, salt, iterations, 32, "sha256"));
    expect(other).not.toEqual(await first);
  }
});

test("what is kept is bounded: a server that changes its salt gets a place at the cost of the oldest", async () => {
  const first = saltedPassword("bounded-password", SALT, 1);
  for (let salt = 0; salt < 300; salt++) await saltedPassword("bounded-password", Buffer.from(`salt ${salt}`), 1);
  expect(saltedPassword("bounded-password", SALT, 1)).not.toBe(first);
});
