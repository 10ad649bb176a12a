import { decodeAs, decodeBytes } from "../charset.js";
import { bodiesOf, type Header, parseHeader } from "../header.js";
import { type ContentType, parseContentType } from "./content-type.js";
import { REPORT_LIMITS } from "./limits.js";

/** A part that holds no others; its body as it was sent, bytes as latin1 text. */
export interface Part {
  readonly contentType: ContentType;
  readonly encoding: string;
  readonly body: string;
}

export interface Message {
  readonly header: Header;
  readonly contentType: ContentType;
  readonly parts: readonly Part[];
  readonly isCut: boolean;
}

/** Takes a message apart (RFC 2046, section 5.1), as far as a report needs it. Nothing makes it fail: what is no multipart is one part. */
export function readMessage(bytes: string, partBytes: number = REPORT_LIMITS.partBytes): Message {
  const { header, body } = split(bytes);
  const contentType = contentTypeOf(header);
  const state = { parts: [] as Part[], isCut: header.isCut, partBytes };
  collect(header, body, 0, state);
  return { header, contentType, parts: state.parts, isCut: state.isCut };
}

/** The header of this part, and the rest after the empty line. */
function split(bytes: string): { header: Header; body: string } {
  const [end, next] = emptyLine(bytes);
  return { header: parseHeader(bytes.slice(0, end)), body: bytes.slice(next) };
}

function emptyLine(bytes: string): [number, number] {
  const [leading] = /^\r?\n/.exec(bytes) ?? [];
  if (leading !== undefined) return [0, leading.length];
  const found = ["\r\n\r\n", "\n\n", "\n\r\n"].map((mark): [number, number] => [bytes.indexOf(mark), mark.length]).filter(([index]) => index !== -1);
  const [first] = found.sort(([a], [b]) => a - b);
  return first === undefined ? [bytes.length, bytes.length] : [first[0], first[0] + first[1]];
}

interface Collecting {
  readonly parts: Part[];
  readonly partBytes: number;
  isCut: boolean;
}

function collect(header: Header, body: string, depth: number, state: Collecting): void {
  const contentType = contentTypeOf(header);
  const boundary = contentType.parameters.get("boundary") ?? "";
  const isMultipart = contentType.type.startsWith("multipart/") && boundary !== "";
  if (isMultipart && depth < REPORT_LIMITS.depth) {
    for (const piece of pieces(body, boundary)) {
      if (state.parts.length >= REPORT_LIMITS.parts) {
        state.isCut = true;
        return;
      }
      const inner = split(piece);
      collect(inner.header, inner.body, depth + 1, state);
    }
    return;
  }
  state.isCut ||= body.length > state.partBytes;
  const encoding = (bodiesOf(header, "Content-Transfer-Encoding")[0] ?? "7bit").toLowerCase();
  state.parts.push({ contentType, encoding, body: body.slice(0, state.partBytes) });
}

/** The parts between the boundary lines; the last one extends to the end if its line is missing. */
function* pieces(body: string, boundary: string): Generator<string> {
  const mark = `--${boundary}`;
  let from = -1;
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + mark.length)) {
    const isLine = at === 0 || body[at - 1] === "\n";
    if (!isLine) continue;
    const end = body.indexOf("\n", at);
    const rest = body.slice(at + mark.length, end === -1 ? undefined : end).trim();
    if (rest !== "" && rest !== "--") continue;
    // The line end before a boundary belongs to it.
    if (from !== -1) yield body.slice(from, at).replace(/\r?\n$/, "");
    if (rest === "--" || end === -1) return;
    from = end + 1;
  }
  if (from !== -1) yield body.slice(from);
}

function contentTypeOf(header: Header): ContentType {
  return parseContentType(bodiesOf(header, "Content-Type")[0]);
}

/** The bytes of a part after decoding, as latin1 text (RFC 2045, section 6). */
export function decodedBody({ encoding, body }: Part): string {
  if (encoding === "base64") return Buffer.from(body, "base64").toString("latin1");
  if (encoding !== "quoted-printable") return body;
  return body.replace(/=[ \t]*\r?\n/g, "").replace(/=([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** A part of text, in the charset that it names. */
export function textOf(part: Part): string {
  const bytes = decodedBody(part);
  return decodeAs(part.contentType.parameters.get("charset") ?? "utf-8", bytes) ?? decodeBytes(bytes);
}
