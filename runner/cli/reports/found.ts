import { createHash } from "node:crypto";

/** Something that may be a report: a file, a message of a folder, or why it could not be read. */
export type Found =
  | {
      /** As a person finds it: a path, or a position in a mailbox. */
      readonly name: string;
      /** The same for the same content in every call: by it, a later call skips what is known. */
      readonly key: string;
      readonly bytes: Buffer;
    }
  | { readonly name: string; readonly problem: string };

/** Whether a key is known already: a mailbox does not fetch it again then. */
export type IsKnown = (key: string) => boolean;

/** The key of a content. */
export function keyOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
