import { isAddress } from "../../../schemas/host.js";
import { FEEDBACK_TYPES, type FeedbackReport } from "../../../schemas/report.js";
import { bodiesOf, parseHeader } from "../header.js";
import { shown } from "../limits.js";
import { time } from "./delivery-status.js";
import { REPORT_LIMITS } from "./limits.js";

/** Reads message/feedback-report (RFC 5965, section 3). Bytes as latin1 text. */
export function readFeedbackReport(bytes: string): FeedbackReport {
  const header = parseHeader(bytes.replace(/^[\r\n]+/, ""));
  const all = (name: string): string[] =>
    bodiesOf(header, name)
      .slice(0, REPORT_LIMITS.listItems)
      .map((body) => shown(body));
  const first = (name: string): string | null => all(name)[0] || null;
  const type = first("Feedback-Type")?.toLowerCase().split(/[\s;]/)[0];
  // IPv6 is written with its own prefix in mail.
  const source = first("Source-IP")?.replace(/^IPv6:/i, "") ?? "";
  return {
    type: FEEDBACK_TYPES.find((each) => each === type) ?? "other",
    user_agent: first("User-Agent"),
    source_ip: isAddress(source) ? source : null,
    original_mail_from: bare(first("Original-Mail-From") ?? first("Original-Envelope-From")),
    original_recipients: [...all("Original-Rcpt-To"), ...all("Removal-Recipient")].flatMap((body) => bare(body) ?? []),
    reported_domains: all("Reported-Domain"),
    reported_uris: all("Reported-URI"),
    authentication_results: all("Authentication-Results"),
    arrival_time: time(first("Arrival-Date") ?? first("Received-Date")),
    incidents: incidentsIn(first("Incidents")),
  };
}

function bare(body: string | null): string | null {
  const address =
    body
      ?.replace(/^(?:rfc822|utf-8);\s*/i, "")
      .replace(/^<(.*)>$/, "$1")
      .trim() ?? "";
  return address === "" ? null : address;
}

function incidentsIn(body: string | null): number {
  const [written] = /^\d{1,9}/.exec(body ?? "") ?? [];
  return written === undefined ? 1 : Math.max(1, Number(written));
}
