import type { MailReport, ReportedRecipient, ReportKind } from "../../../schemas/report.js";
import { isAboutDelivery, isAutoReply, isFromMailSystem } from "./auto-reply.js";
import { type DeliveryStatus, readDeliveryStatus } from "./delivery-status.js";
import { readFeedbackReport } from "./feedback-report.js";
import { REPORT_LIMITS } from "./limits.js";
import { readOriginal } from "./original.js";
import { decodedBody, type Message, type Part, readMessage, textOf } from "./parts.js";
import type { PlainReader } from "./plain/reader.js";
import { BY_WORDS, READERS } from "./plain/readers.js";
import { judged } from "./recipient.js";

/** Reads a message that reports on another one. It never fails: a message that is not a report gives "not a report". */
export function readReport(bytes: Uint8Array): MailReport {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, REPORT_LIMITS.messageBytes));
  const message = readMessage(buffer.toString("latin1"));
  const report = byStandard(message) ?? byFeedback(message) ?? byWords(message) ?? NOTHING;
  return { ...report, original: report.original ?? originalIn(message), is_cut: report.is_cut || message.isCut || bytes.length > REPORT_LIMITS.messageBytes };
}

const NOTHING: MailReport = {
  kind: "not_a_report",
  format: null,
  reporting_mta: null,
  envelope_id: null,
  arrival_time: null,
  original: null,
  recipients: [],
  feedback: null,
  is_cut: false,
};

function byStandard({ parts }: Message): MailReport | null {
  const part = partOf(parts, "message/delivery-status", "message/global-delivery-status");
  if (part === undefined) return null;
  const status: DeliveryStatus = readDeliveryStatus(decodedBody(part));
  const recipients = status.recipients.map(judged);
  if (recipients.length === 0) return null;
  return {
    ...NOTHING,
    kind: kindOf(recipients),
    format: "delivery_status",
    reporting_mta: status.reportingMta,
    envelope_id: status.envelopeId,
    arrival_time: status.arrivalTime,
    recipients,
    is_cut: status.isCut,
  };
}

/** By the worst outcome of any recipient. */
function kindOf(recipients: readonly ReportedRecipient[]): ReportKind {
  const actions = new Set(recipients.map(({ action }) => action));
  if (actions.has("failed")) return "bounce";
  if (actions.has("delayed")) return "delay";
  if (actions.has("delivered")) return "success";
  return actions.has("relayed") || actions.has("expanded") ? "relayed" : "bounce";
}

function byFeedback({ parts }: Message): MailReport | null {
  const part = partOf(parts, "message/feedback-report");
  if (part === undefined) return null;
  return { ...NOTHING, kind: "feedback", format: "feedback_report", feedback: readFeedbackReport(decodedBody(part)) };
}

/** Without a part for programs: by the words of servers that are known, then as an answer of a program, then by words that many use. */
function byWords({ header, parts, contentType }: Message): MailReport | null {
  const isReceipt = partOf(parts, "message/disposition-notification", "message/global-disposition-notification") !== undefined;
  if (isReceipt) return { ...NOTHING, kind: "auto_reply", format: "disposition" };
  const text = parts.find((part) => part.contentType.type.startsWith("text/"));
  const words = text === undefined ? "" : plainTextOf(text);
  const reader = READERS.find(({ mark }) => mark.test(words));
  const known = reader === undefined ? null : readWith(reader, words, header);
  if (known !== null) return known;
  if (isAutoReply(header)) return { ...NOTHING, kind: "auto_reply" };
  const maybe = (isFromMailSystem(header) && isAboutDelivery(header)) || contentType.parameters.get("report-type")?.toLowerCase() === "delivery-status";
  return maybe ? readWith(BY_WORDS, words, header) : null;
}

function readWith(reader: PlainReader, words: string, header: Message["header"]): MailReport | null {
  const lines = words.split(/\r?\n/, REPORT_LIMITS.lines).map((line) => line.slice(0, REPORT_LIMITS.lineCharacters));
  const end = lines.findIndex((line) => reader.original.test(line));
  const own = end === -1 ? lines : lines.slice(0, end);
  const isDelay = reader.delay?.test(own.join("\n")) === true;
  const listed = reader.read({ header, lines: own }).slice(0, REPORT_LIMITS.recipients);
  if (listed.length === 0) return null;
  const recipients = listed.map((each) => judged({ ...each, action: isDelay ? "delayed" : "failed" }));
  // A boundary or an empty line may be between the text and the copy.
  const original = end === -1 ? null : readOriginal(Buffer.from(lines.slice(end + 1).join("\n")).toString("latin1"));
  return { ...NOTHING, kind: isDelay ? "delay" : "bounce", format: reader.format, recipients, original };
}

/** Some write their reports in HTML only. */
function plainTextOf(part: Part): string {
  const text = textOf(part);
  if (part.contentType.type !== "text/html") return text;
  return text
    .replace(/<(?:br|\/p|\/div|\/tr|\/h\d)\b[^<>]{0,200}>/gi, "\n")
    .replace(/<[^<>@]{0,2000}>/g, "")
    .replace(/&(lt|gt|amp|quot|#39|nbsp);/g, (_all, name: string) => ENTITIES[name] as string);
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', "#39": "'", nbsp: " " };

const ORIGINALS = ["message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"];

function originalIn({ parts }: Message): MailReport["original"] {
  const part = partOf(parts, ...ORIGINALS);
  return part === undefined ? null : readOriginal(decodedBody(part));
}

function partOf(parts: readonly Part[], ...types: readonly string[]): Part | undefined {
  return parts.find(({ contentType }) => types.includes(contentType.type));
}
