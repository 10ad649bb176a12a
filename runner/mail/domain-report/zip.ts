import { inflateRawSync } from "node:zlib";
import { failureError } from "../../run/failure-error.js";
import { DOMAIN_REPORT_LIMITS as LIMITS } from "./limits.js";

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;

interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly localHeader: number;
}

/** The one file in a zip file (PKWARE's APPNOTE 6.3), read from its directory. What it expands to is bounded, whatever it claims. */
export function unzipOne(zip: Buffer, maxBytes: number): Buffer {
  const files = entriesOf(zip).filter(({ name }) => !name.endsWith("/") && !name.startsWith("__MACOSX/"));
  const [file] = files;
  if (file === undefined) throw damaged("it is empty");
  if (files.length > 1) throw failureError("unpack", "unsupported", `the zip file holds ${files.length} files: a report is one file`);
  if ((file.flags & 1) !== 0) throw failureError("unpack", "unsupported", "the file in the zip file is encrypted");
  if (file.method !== STORED && file.method !== DEFLATED)
    throw failureError("unpack", "unsupported", `the file in the zip file is compressed by method ${file.method}`);
  const packed = packedBytes(zip, file);
  if (file.bytes > maxBytes || (file.method === STORED && packed.length > maxBytes)) throw tooLarge(maxBytes);
  const bytes = file.method === STORED ? packed : inflated(packed, maxBytes);
  if (bytes.length !== file.bytes) throw damaged(`its file has ${bytes.length} bytes, and the directory says ${file.bytes}`);
  return bytes;
}

function entriesOf(zip: Buffer): Entry[] {
  const end = endOfDirectory(zip);
  const count = zip.readUInt16LE(end + 10);
  if (count > LIMITS.zipEntries) throw failureError("unpack", "limit_exceeded", `the zip file has ${count} entries`);
  const entries: Entry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_BYTES > end || zip.readUInt32LE(at) !== ENTRY_SIGNATURE) throw damaged("its directory is cut off");
    const nameBytes = zip.readUInt16LE(at + 28);
    entries.push({
      name: zip.toString("utf8", at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes),
      flags: zip.readUInt16LE(at + 8),
      method: zip.readUInt16LE(at + 10),
      packedBytes: zip.readUInt32LE(at + 20),
      bytes: zip.readUInt32LE(at + 24),
      localHeader: zip.readUInt32LE(at + 42),
    });
    at += ENTRY_BYTES + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

/** It is at the end, before a comment, which may hold anything but has exactly the length that is said. */
function endOfDirectory(zip: Buffer): number {
  const first = Math.max(0, zip.length - END_BYTES - MAX_COMMENT_BYTES);
  for (let at = zip.length - END_BYTES; at >= first; at--) {
    if (zip.readUInt32LE(at) === END_SIGNATURE && at + END_BYTES + zip.readUInt16LE(at + 20) === zip.length) return at;
  }
  throw damaged("it has no directory");
}

function packedBytes(zip: Buffer, { localHeader: at, packedBytes: length }: Entry): Buffer {
  if (at + LOCAL_BYTES > zip.length || zip.readUInt32LE(at) !== LOCAL_SIGNATURE) throw damaged("its directory points to no file");
  const start = at + LOCAL_BYTES + zip.readUInt16LE(at + 26) + zip.readUInt16LE(at + 28);
  if (start + length > zip.length) throw damaged("its file is cut off");
  return zip.subarray(start, start + length);
}

function inflated(packed: Buffer, maxBytes: number): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: maxBytes });
  } catch (error) {
    if (isTooLarge(error)) throw tooLarge(maxBytes);
    throw damaged((error as Error).message);
  }
}

export function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
}

function tooLarge(maxBytes: number): Error {
  return failureError("unpack", "limit_exceeded", `the zip file expands to more than ${maxBytes} bytes`);
}

function damaged(problem: string): Error {
  return failureError("unpack", "protocol_violation", `the zip file is damaged: ${problem}`);
}
