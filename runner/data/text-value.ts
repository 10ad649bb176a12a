import { isUtf8 } from "node:buffer";

/** Bytes of a value as the output shows them: as text, or in hexadecimal if they are no text. */
export function textValue(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString("utf8") : bytes.toString("hex");
}
