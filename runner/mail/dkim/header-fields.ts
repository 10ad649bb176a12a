const NUL = 0;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

export interface HeaderField {
  /** In lower case. */
  readonly name: string;
  /** Its bytes as latin1 text, as they were written, without the last line end: `From: a\r\n b`. */
  readonly raw: string;
}

export interface MessageParts {
  /** Null when the header is none: some line of it is no field, and a server would take it for the body. */
  readonly fields: readonly HeaderField[] | null;
  readonly body: Uint8Array;
}

/** Takes a message apart where the wire will have its first empty line. A bare CR or LF ends a line there, and NUL is left out. */
export function partsOf(message: Uint8Array): MessageParts {
  const { headerEnd, bodyStart } = findBody(message);
  const header = Buffer.from(message.buffer, message.byteOffset, headerEnd).toString("latin1");
  return { fields: fieldsOf(header), body: message.subarray(bodyStart) };
}

function findBody(message: Uint8Array): { headerEnd: number; bodyStart: number } {
  let isLineEmpty = true;
  let lineStart = 0;
  for (let index = 0; index < message.length; index++) {
    const byte = message[index];
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
      if (byte === CARRIAGE_RETURN && message[index + 1] === LINE_FEED) index++;
      if (isLineEmpty) return { headerEnd: lineStart, bodyStart: index + 1 };
      isLineEmpty = true;
      lineStart = index + 1;
    } else if (byte !== NUL) isLineEmpty = false;
  }
  return { headerEnd: message.length, bodyStart: message.length };
}

/** Printable ASCII without the colon (RFC 5322, section 3.6.8). With a blank before it, as was once allowed, verifiers see no field. */
const FIELD_START = /^([!-9;-~]+):/;

function fieldsOf(header: string): HeaderField[] | null {
  const fields: HeaderField[] = [];
  for (const line of linesOf(header)) {
    const last = fields.at(-1);
    if (/^[ \t]/.test(line)) {
      if (last === undefined) return null;
      fields[fields.length - 1] = { name: last.name, raw: `${last.raw}\r\n${line}` };
      continue;
    }
    const [, name] = FIELD_START.exec(line) ?? [];
    if (name === undefined) return null;
    fields.push({ name: name.toLowerCase(), raw: line });
  }
  return fields;
}

function linesOf(header: string): string[] {
  if (header === "") return [];
  return header
    .replace(/(?:\r\n|\r|\n)$/, "")
    .split(/\r\n|\r|\n/)
    .map((line) => line.replaceAll("\0", ""));
}

/** A field in the relaxed canonicalization (RFC 6376, section 3.4.2), without a line end. */
export function relaxed({ name, raw }: HeaderField): string {
  const value = raw
    .slice(raw.indexOf(":") + 1)
    .replaceAll("\r\n", "")
    .replace(/[ \t]+/g, " ");
  return `${name}:${value.replace(/^ | $/g, "")}`;
}
