import { randomBytes } from "node:crypto";

const TOKEN_BYTES = 3;

/** Distinguishes a test message from all others that are likely to be in the mailbox at the same time. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString("hex");
}

/** `<prefix> <UTC timestamp> <token>`: what a mailbox is searched for afterwards. */
export function testSubject(prefix: string, date: Date, token: string): string {
  return `${prefix} ${date.toISOString().replace(/\.\d+Z$/, "Z")} ${token}`;
}
