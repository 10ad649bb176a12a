import type { FileHandle } from "node:fs/promises";
import { DOMAIN_REPORT_LIMITS } from "../../mail/domain-report/limits.js";
import { type Found, keyOf } from "./found.js";

const CHUNK_BYTES = 256 * 1024;
/** RFC 4155: a line that begins so, after an empty one, begins the next message. */
const SEPARATOR = Buffer.from("\n\nFrom ");

/** The messages of an mbox file, one after the other: the file may be larger than the memory. */
export async function* messagesIn(path: string, file: FileHandle): AsyncGenerator<Found> {
  let number = 0;
  for await (const message of piecesOf(file)) {
    number += 1;
    const name = `${path}, message ${number}`;
    if (message === null) yield { name, problem: `it has more than ${DOMAIN_REPORT_LIMITS.bytes} bytes` };
    else yield { name, key: keyOf(message), bytes: message };
  }
}

/** Null for a message that is too long. The line that separates messages is taken off. */
async function* piecesOf(file: FileHandle): AsyncGenerator<Buffer | null> {
  let kept: Buffer = Buffer.alloc(0);
  let isTooLong = false;
  let at = 0;
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    at += bytesRead;
    // What was searched already is not searched again, except for a separator that the chunk has cut.
    let from = Math.max(0, kept.length - SEPARATOR.length);
    kept = Buffer.concat([kept, buffer.subarray(0, bytesRead)]);
    for (let end = kept.indexOf(SEPARATOR, from); end !== -1; end = kept.indexOf(SEPARATOR, from)) {
      yield isTooLong ? null : withoutFromLine(kept.subarray(0, end + 1));
      isTooLong = false;
      kept = kept.subarray(end + 2);
      from = 0;
    }
    if (bytesRead === 0) break;
    if (kept.length > DOMAIN_REPORT_LIMITS.bytes) {
      isTooLong = true;
      kept = kept.subarray(kept.length - SEPARATOR.length);
    }
  }
  if (kept.length > 0) yield isTooLong ? null : withoutFromLine(kept);
}

function withoutFromLine(message: Buffer): Buffer {
  return message.subarray(message.indexOf("\n") + 1);
}
