/** A message as a verifier needs it: every byte as it was received. */
export interface ReceivedMessage {
  readonly fields: readonly ReceivedField[];
  readonly body: Buffer;
  /** There were more header fields than are read. */
  readonly isCut: boolean;
}

export interface ReceivedField {
  /** In lower case, without blanks before the colon. */
  readonly name: string;
  /** As it was written, without the CRLF that ends it: latin1 text. */
  readonly raw: string;
}

const MAX_FIELDS = 2000;
const MAX_HEADER_BYTES = 1024 * 1024;

/** Takes a message apart at its first empty line. A message with bare LF only was saved by a program of Unix: its lines ended with CRLF on the wire. */
export function readMessage(bytes: Uint8Array): ReceivedMessage {
  const received = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const message = received.includes("\r\n") ? received : withCrlf(received);
  const end = message.subarray(0, 2).toString("latin1") === "\r\n" ? 0 : message.indexOf("\r\n\r\n");
  const headerEnd = end < 0 ? message.length : end === 0 ? 0 : end + 2;
  const body = end < 0 ? Buffer.alloc(0) : message.subarray(headerEnd + 2);
  const header = message.subarray(0, Math.min(headerEnd, MAX_HEADER_BYTES)).toString("latin1");
  const fields = fieldsOf(header);
  return { fields: fields.slice(0, MAX_FIELDS), body, isCut: headerEnd > MAX_HEADER_BYTES || fields.length > MAX_FIELDS };
}

function withCrlf(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").replaceAll("\n", "\r\n"), "latin1");
}

function fieldsOf(header: string): ReceivedField[] {
  const fields: { name: string; raw: string }[] = [];
  for (const line of header.split("\r\n")) {
    const last = fields.at(-1);
    if ((line.startsWith(" ") || line.startsWith("\t")) && last !== undefined) last.raw += `\r\n${line}`;
    else if (line !== "") fields.push({ name: nameOf(line), raw: line });
  }
  // A line that is no field, such as the "From " of a mailbox file, belongs to no signature.
  return fields.filter(({ name }) => name !== "");
}

function nameOf(line: string): string {
  const colon = line.indexOf(":");
  const name = colon < 0 ? "" : line.slice(0, colon).trimEnd().toLowerCase();
  return /^[!-9;-~]+$/.test(name) ? name : "";
}

/** The value of a field, folded as it was. */
export function fieldValue({ raw }: ReceivedField): string {
  return raw.slice(raw.indexOf(":") + 1);
}
