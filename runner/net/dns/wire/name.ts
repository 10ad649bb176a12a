/**
 * A name as it came over the wire: lower case, labels joined by dots, the root ".". Bytes that are not printable, and dots and backslashes
 * within a label, are written as \DDD, so that a dot always separates labels.
 */
export type WireName = string;

const MAX_BYTES = 255;
/** RFC 1035, section 4.1.4: a pointer leads backwards, so there are at most as many as labels. */
const MAX_POINTERS = 127;

export class WireError extends Error {}

export interface ReadName {
  readonly name: WireName;
  /** The offset after it. */
  readonly end: number;
}

/** Parses a name and finds its end. */
export function readName(message: Buffer, start: number): ReadName {
  const { offsets, end } = labelsAt(message, start);
  return { name: nameAt(message, offsets), end };
}

/** The same with its bytes, uncompressed. */
export function readNameBytes(message: Buffer, start: number, isLowered = true): ReadName & { readonly bytes: Buffer } {
  const { offsets, end } = labelsAt(message, start);
  const parts = offsets.map((offset) => message.subarray(offset, offset + 1 + (message[offset] as number)));
  const bytes = Buffer.concat([...parts, ROOT]);
  return { name: nameAt(message, offsets), end, bytes: isLowered ? lowered(bytes) : bytes };
}

const ROOT = Buffer.of(0);

/** Where the labels of a name begin. Pointers must lead backwards, which bounds the work. */
function labelsAt(message: Buffer, start: number): { readonly offsets: readonly number[]; readonly end: number } {
  const offsets: number[] = [];
  let offset = start;
  let end: number | null = null;
  let length = 1;
  for (let pointers = 0; ; ) {
    const size = message[offset];
    if (size === undefined) throw new WireError("a name that does not end");
    if (size === 0) return { offsets, end: end ?? offset + 1 };
    if (size >= 0xc0) {
      const target = ((size & 0x3f) << 8) | (message[offset + 1] ?? 0);
      if (target >= offset || ++pointers > MAX_POINTERS) throw new WireError("a name whose pointer does not lead backwards");
      end ??= offset + 2;
      offset = target;
      continue;
    }
    length += size + 1;
    if (size > 63 || offset + 1 + size > message.length || length > MAX_BYTES) throw new WireError("a name that is too long");
    offsets.push(offset);
    offset += 1 + size;
  }
}

function nameAt(message: Buffer, offsets: readonly number[]): WireName {
  let name = "";
  for (const offset of offsets) {
    const label = message.toString("latin1", offset + 1, offset + 1 + (message[offset] as number));
    // Nearly all labels are written as they are.
    const text = /^[a-z0-9_-]*$/.test(label) ? label : escaped(label);
    name = name === "" ? text : `${name}.${text}`;
  }
  return name === "" ? "." : name;
}

function escaped(label: string): string {
  let text = "";
  for (const byte of lowered(Buffer.from(label, "latin1"))) text += PLAIN[byte] ?? "";
  return text;
}

const PLAIN: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c;
  return isPlain ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, "0")}`;
});

/** Length bytes are at most 63, and no letters. */
function lowered(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let index = 0; index < copy.length; index++) {
    const byte = copy[index] as number;
    if (byte >= 65 && byte <= 90) copy[index] = byte + 32;
  }
  return copy;
}

export function labelsOf(name: WireName): readonly string[] {
  return name === "." ? [] : name.split(".");
}

export function nameOf(labels: readonly string[]): WireName {
  return labels.length === 0 ? "." : labels.join(".");
}

/** The name without its first label. */
export function parentOf(name: WireName): WireName {
  return nameOf(labelsOf(name).slice(1));
}

function labelBytes(label: string): Buffer {
  return Buffer.from(
    label.replaceAll(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number(code))),
    "latin1",
  );
}

/** The canonical form: uncompressed, in lower case (RFC 4034, section 6.2). */
export function nameBytes(name: WireName): Buffer {
  if (name !== "." && !name.includes("\\")) return plainNameBytes(name);
  const parts = labelsOf(name).map(labelBytes);
  return Buffer.concat([...parts.flatMap((part) => [Buffer.of(part.length), part]), Buffer.of(0)]);
}

/** Nearly all names: each dot's place takes the length of the label after it. */
function plainNameBytes(name: WireName): Buffer {
  const bytes = Buffer.alloc(name.length + 2);
  bytes.write(name, 1, "latin1");
  let length = 0;
  for (let index = name.length; index >= 0; index--) {
    if (index > 0 && bytes[index] !== DOT) {
      length += 1;
      continue;
    }
    bytes[index] = length;
    length = 0;
  }
  return bytes;
}

const DOT = 0x2e;

/** Canonical order (RFC 4034, section 6.1): by labels from the right, each as bytes. */
export function compareNames(one: WireName, other: WireName): number {
  const left = labelsOf(one).map(labelBytes).reverse();
  const right = labelsOf(other).map(labelBytes).reverse();
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = Buffer.compare(left[index] as Buffer, right[index] as Buffer);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
