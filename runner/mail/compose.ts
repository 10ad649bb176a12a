import { createHash } from "node:crypto";
import type { NamedMailbox } from "./named-mailbox.js";

/** The address and display name of an address field: see parseNamedMailbox(). */
export type Person = Pick<NamedMailbox, "path"> & Partial<Pick<NamedMailbox, "name">>;

/** A message before it is bytes. */
export interface MessageFields {
  from: Person;
  to: readonly Person[];
  cc?: readonly Person[];
  reply_to?: Person;
  subject: string;
  text: string;
  html?: string;
  /** Further header fields: see headerProblem(). */
  headers?: readonly { name: string; value: string }[];
  attachments?: readonly Attachment[];
  date: Date;
  /** With its angle brackets. */
  message_id: string;
}

export interface Attachment {
  /** At most 255 characters, as file names are. */
  name: string;
  /** By the name's ending when it is not given. Not message/* nor multipart/*: those may not be encoded (RFC 2046, section 5.2.1). */
  type?: string;
  content: Uint8Array;
}

/**
 * The message as bytes: lines end in CR LF and have at most 998 bytes (RFC 5322, section 2.1.1), whatever the fields hold. The same
 * fields give the same bytes, so that a message can be made again instead of being kept. Nothing is read from files or the network.
 */
export async function compose(fields: MessageFields): Promise<Buffer> {
  // Only who sends needs it.
  const [{ default: MailComposer }, { encodeWord, foldLines }] = await Promise.all([
    import("nodemailer/lib/mail-composer"),
    import("nodemailer/lib/mime-funcs"),
  ]);
  // A line is folded at a blank: encoded words contain some.
  const foldable = (value: string): string => (UNFOLDABLE.test(value) ? encodeWord(value, "Q", ENCODED_WORD_CHARACTERS) : value);
  const text = withCrLf(fields.text);
  const isPlain = isSevenBit(text) && fields.html === undefined && (fields.attachments ?? []).length === 0;
  const composer = new MailComposer({
    text: isPlain ? PLAIN_TEXT : text,
    ...contentFields(fields),
    subject: foldable(fields.subject),
    date: fields.date,
    messageId: fields.message_id,
    headers: [...(fields.headers ?? []).map(({ name, value }) => ({ key: name, value: foldable(value) })), ...AUTOMATIC],
    baseBoundary: createHash("sha256").update(fields.message_id).digest("hex").slice(0, BOUNDARY_CHARACTERS),
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const message = composer.compile();
  const addresses = addressFields(fields, { encodeWord, foldLines });
  if (!isPlain) return Buffer.concat([Buffer.from(addresses), await message.build()]);
  return Buffer.from(`${addresses}${message.buildHeaders()}\r\n\r\n${text}${text.endsWith("\n") ? "" : "\r\n"}`);
}

/** Together with its field's name it may not fit into a line. */
const UNFOLDABLE = /\S{900}/;
const ENCODED_WORD_CHARACTERS = 52;

/**
 * What needs no encoding is its header and its text: the composer's streams would copy it byte by byte, several times, and it encodes
 * whatever is longer than 128 KB. So it is shown a text of the same kind, and makes the header.
 */
const PLAIN_TEXT = "x\r\n";

function isSevenBit(text: string): boolean {
  return text !== "" && !BEYOND_SEVEN_BIT.test(text) && !LONG_LINE.test(text);
}

const BEYOND_SEVEN_BIT = /[^\t\r\n -\u007f]/;
/** As long as the composer lets a line be before it encodes it. */
const LONG_LINE = /^.{77}/m;

/** Why a further header field cannot have this name; null when it can. */
export function headerProblem(name: string): string | null {
  if (!HEADER_NAME.test(name)) return "a field's name is made of visible ASCII without a colon, at most 76 characters (RFC 5322, section 2.2)";
  if (OF_TRANSPORT.test(name)) return "this field is written by the servers on the way, or by a signer";
  if (BLIND.test(name)) return "this field would show its recipients to all others";
  return OURS.test(name) ? "this field is made from the other fields of the message" : null;
}

const HEADER_NAME = /^[!-9;-~]{1,76}$/;
const OURS = /^(from|to|cc|reply-to|subject|date|message-id|mime-version|auto-submitted|content-.*)$/i;
/** RFC 5322, section 3.6.7; RFC 3848; RFC 6376. What a relay or a signer writes would be believed of it. */
const OF_TRANSPORT = /^(return-path|received|delivered-to|dkim-signature|domainkey-signature|arc-.*|authentication-results|received-spf)$/i;
/** They name recipients that no other recipient may see (RFC 5322, section 3.6.3). */
const BLIND = /^(resent-)?bcc$/i;

/** RFC 3834, section 5: suppresses automatic replies, as vacation notices. */
const AUTOMATIC = [{ key: "Auto-Submitted", value: "auto-generated" }];

/** As many as the composer would take by chance. */
const BOUNDARY_CHARACTERS = 16;

type Words = Pick<typeof import("nodemailer/lib/mime-funcs"), "encodeWord" | "foldLines">;

/** Written here: the composer would change a local part in quotation marks, and show an encoded word as it stands. */
function addressFields({ from, to, cc = [], reply_to: replyTo }: MessageFields, words: Words): string {
  const fields: [string, readonly Person[]][] = [
    ["From", [from]],
    ["To", to],
    ["Cc", cc],
    ["Reply-To", replyTo === undefined ? [] : [replyTo]],
  ];
  return fields
    .filter(([, people]) => people.length > 0)
    .map(([name, people]) => `${words.foldLines(`${name}: ${people.map((person) => personText(person, words)).join(", ")}`)}\r\n`)
    .join("");
}

function personText({ path, name = "" }: Person, words: Words): string {
  if (name === "") return PLAIN_PATH.test(path) ? path : `<${path}>`;
  return `${nameText(name, words)} <${path}>`;
}

/** RFC 5322, section 3.2.5: atoms, or a quoted string; RFC 2047, section 5, for what is not ASCII. */
function nameText(name: string, { encodeWord }: Words): string {
  if (!PRINTABLE.test(name)) return encodeWord(name, "Q", ENCODED_WORD_CHARACTERS);
  // In quotation marks a text that looks like an encoded word is none.
  return ATOMS.test(name) && !name.includes("=?") ? name : `"${name.replace(/[\\"]/g, "\\$&")}"`;
}

const PLAIN_PATH = /^[^\s"(),:;<>@[\]\\]+@[^\s"(),:;<>@[\]\\]+$/;
const PRINTABLE = /^[ -~]*$/;
const ATOMS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;

function contentFields({ html, attachments = [] }: MessageFields) {
  return {
    ...(html === undefined ? {} : { html: withCrLf(html) }),
    attachments: attachments.map(({ name, type, content }) => ({
      filename: name,
      content: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
      ...(type === undefined ? {} : { contentType: type }),
    })),
  };
}

/** One line end for all: an encoding would keep a CR of its own, and no reader knows what it means. */
function withCrLf(text: string): string {
  return text.replace(/\r\n?|\n/g, "\r\n");
}
