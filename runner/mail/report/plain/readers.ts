import { bodiesOf } from "../../header.js";
import type { ReportedRecipientText } from "../recipient.js";
import { exchange } from "./exchange.js";
import { exim } from "./exim.js";
import { gmail } from "./gmail.js";
import { paragraphs } from "./paragraphs.js";
import type { PlainReader, PlainReport } from "./reader.js";
import { sendmail } from "./sendmail.js";

/** What begins the copy of a message, in the words of several. */
const COPY =
  /^--.*(?:below this line|copy of (?:the|your) message|original message|included message|undelivered message|forwarded message|unsent message)|^Original message headers:|^-{3,}\s*The (?:header|body) of/i;

/** In this order: those whose words are their own come before those that many have. */
export const READERS: readonly PlainReader[] = [
  exim,
  sendmail,
  exchange,
  gmail,
  {
    format: "qmail",
    mark: /^Hi\. This is the\b.*(?:qmail|at )/im,
    original: /^---.*Below this line is a copy of the message/i,
    read: paragraphs,
  },
  {
    format: "postfix",
    mark: /^This is the (?:mail system at host|Postfix program at host)/im,
    original: COPY,
    delay: /your message could not be delivered for|THIS IS A WARNING ONLY|It will be retried until/i,
    read: paragraphs,
  },
  {
    format: "yahoo",
    mark: /^(?:Sorry, we were unable to deliver your message to the following address|Message from\s+yahoo\.|Unable to deliver message to the following address)/im,
    original: /^---\s*(?:Below this line|Original message)|^--- Forwarded message/i,
    read: paragraphs,
  },
  {
    format: "courier",
    mark: /running the Courier mail server/i,
    original: COPY,
    delay: /DELAYED MAIL/,
    read: paragraphs,
  },
];

/** Common phrases of many servers, for reports of an unknown server. */
export const BY_WORDS: PlainReader = {
  format: "words",
  mark: /^/,
  original: COPY,
  delay: /\bdelayed\b|not (?:yet )?been delivered|will (?:be retried|keep trying|continue to try)/i,
  read: (report) => {
    const listed = paragraphs(report);
    return listed.length > 0 ? listed : [...byReplies(report), ...byHeader(report)].filter(isFirst);
  },
};

/** A line that refuses an address has a reply code first, and then the address. */
const CODE = /\b[45]\d\d[ -]/;
const ADDRESS = /[^\s<>()[\]"',;:]{1,64}@[A-Za-z0-9.-]{1,255}[A-Za-z0-9]/;

function byReplies({ lines }: PlainReport): ReportedRecipientText[] {
  return lines.flatMap((line) => {
    const at = line.search(CODE);
    const [address] = at === -1 ? [] : (ADDRESS.exec(line.slice(at)) ?? []);
    return address === undefined ? [] : [{ address, action: null, diagnostic: line.trim() }];
  });
}

/** Exim and those after it name them there. */
function byHeader({ header }: PlainReport): ReportedRecipientText[] {
  const named = bodiesOf(header, "X-Failed-Recipients").flatMap((body) => body.split(","));
  return named
    .map((each) => each.trim())
    .filter((each) => each.includes("@"))
    .map((address) => ({ address, action: "failed" }));
}

function isFirst({ address }: ReportedRecipientText, index: number, all: readonly ReportedRecipientText[]): boolean {
  return all.findIndex((other) => other.address.toLowerCase() === address.toLowerCase()) === index;
}
