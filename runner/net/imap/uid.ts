import { failureError } from "../../run/failure-error.js";
import { textOf, type Value } from "./parse-data.js";

/** RFC 3501, section 9: an nz-number, which has 32 bits. */
export function isUid(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 0xff_ff_ff_ff;
}

/** A UID as a server wrote it. One that cannot exist would come back as a command that we must not send. */
export function uidFrom(text: string): number {
  if (!/^\d+$/.test(text) || !isUid(Number(text)))
    throw failureError(
      "command",
      "protocol_violation",
      `the server names the UID ${JSON.stringify(text.slice(0, 60))}; a whole number from 1 to 4294967295 was expected`,
    );
  return Number(text);
}

/** The same of a parsed value; null when the value is no text, and so no UID at all. */
export function uidOf(value: Value | undefined): number | null {
  const text = textOf(value);
  return text === null ? null : uidFrom(text);
}
