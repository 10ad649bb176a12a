import { REPORT_ACTIONS, type ReportAction } from "../../../schemas/report.js";
import { parseDate } from "../date.js";
import { bodiesOf, type Header, parseHeader } from "../header.js";
import { shown } from "../limits.js";
import { REPORT_LIMITS } from "./limits.js";
import type { ReportedRecipientText } from "./recipient.js";

export interface DeliveryStatus {
  readonly reportingMta: string | null;
  readonly envelopeId: string | null;
  readonly arrivalTime: string | null;
  readonly recipients: readonly ReportedRecipientText[];
  readonly isCut: boolean;
}

const MAX_GROUPS = REPORT_LIMITS.recipients + 10;

/** Reads message/delivery-status (RFC 3464, section 2) and its form with addresses beyond ASCII (RFC 6533, section 3). Bytes as latin1 text. */
export function readDeliveryStatus(bytes: string): DeliveryStatus {
  const groups = bytes
    .split(/(?:\r?\n[ \t]*){2,}/, MAX_GROUPS)
    .filter((group) => group.trim() !== "")
    .map((group) => parseHeader(group.replace(/^[\r\n]+/, "")));
  // Some put everything into one group.
  const all = groups.filter((group) => has(group, "Final-Recipient") || has(group, "Original-Recipient") || has(group, "Action"));
  const of = (name: string): string | null => groups.map((group) => first(group, name)).find((body) => body !== null) ?? null;
  return {
    reportingMta: typed(of("Reporting-MTA"))?.value ?? null,
    envelopeId: short(of("Original-Envelope-Id"), 200),
    arrivalTime: time(of("Arrival-Date")),
    recipients: all.slice(0, REPORT_LIMITS.recipients).flatMap(recipientOf),
    isCut: all.length > REPORT_LIMITS.recipients || groups.length >= MAX_GROUPS,
  };
}

function recipientOf(group: Header): ReportedRecipientText[] {
  const final = addressIn(first(group, "Final-Recipient"));
  const original = addressIn(first(group, "Original-Recipient"));
  const address = final ?? original;
  if (address === null) return [];
  const diagnostic = typed(first(group, "Diagnostic-Code"));
  return [
    {
      address,
      originalRecipient: original,
      action: actionIn(first(group, "Action")),
      status: statusIn(first(group, "Status")),
      diagnostic: diagnostic?.value ?? null,
      diagnosticType: diagnostic?.type ?? null,
      remoteMta: hostIn(typed(first(group, "Remote-MTA"))?.value),
      lastAttemptTime: time(first(group, "Last-Attempt-Date")),
      willRetryUntil: time(first(group, "Will-Retry-Until")),
    },
  ];
}

/** `smtp; 550 no`: a type, and what is of it. Some leave the type out. */
function typed(body: string | null): { type: string | null; value: string } | null {
  if (body === null) return null;
  const [, type, value] = /^([A-Za-z0-9][A-Za-z0-9 ._-]{0,39});\s*([\s\S]*)$/.exec(body) ?? [];
  const text = (value ?? body).replace(/\s+/g, " ").trim();
  return text === "" ? null : { type: type?.trim().toLowerCase() ?? null, value: text };
}

/** Some servers append details to the name: `mx.example.org. (192.0.2.25, the server for the domain)`. */
function hostIn(value: string | undefined): string | null {
  return value?.split("(", 1)[0]?.trimEnd().replace(/\.$/, "") || null;
}

function addressIn(body: string | null): string | null {
  const field = typed(body);
  if (field === null) return null;
  const bare = field.value.replace(/^<(.*)>$/, "$1").trim();
  return field.type === "utf-8" ? unescaped(bare) : bare;
}

/** RFC 6533, section 3: characters beyond ASCII may be written as \x{20AC} if a header must contain ASCII only. */
function unescaped(address: string): string {
  return address.replace(/\\x\{([0-9A-Fa-f]{1,6})\}/g, (written, hex: string) => {
    const point = Number.parseInt(hex, 16);
    const isCharacter = point >= 0x20 && point !== 0x7f && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    return isCharacter ? String.fromCodePoint(point) : written;
  });
}

/** Some servers append a comment to the word: `failed (bad destination)`. */
function actionIn(body: string | null): ReportAction | null {
  const [word = ""] = /^[a-z]+/i.exec(body ?? "") ?? [];
  return REPORT_ACTIONS.find((action) => action === word.toLowerCase()) ?? null;
}

function statusIn(body: string | null): string | null {
  return /^\s*([245]\.\d{1,3}\.\d{1,3})\b/.exec(body ?? "")?.[1] ?? null;
}

export function time(body: string | null): string | null {
  const moment = body === null ? null : parseDate(body);
  return moment === null ? null : new Date(moment).toISOString();
}

function first(group: Header, name: string): string | null {
  return bodiesOf(group, name)[0] ?? null;
}

function has(group: Header, name: string): boolean {
  return first(group, name) !== null;
}

function short(body: string | null, most: number): string | null {
  return body === null || body === "" ? null : shown(body, most);
}
