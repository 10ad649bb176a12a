import { LINE_ODDITIES } from "../../runner/net/line-text.js";
import { has } from "../../runner/net/smtp/capabilities.js";
import { replyText } from "../../runner/net/smtp/reply.js";
import type { SmtpSession } from "../../runner/net/smtp/session.js";
import type { Anomaly } from "../../schemas/smtp.js";
import type { SmtpEvidence } from "./evidence.js";

/** What the server did against the standard, over all of the run's connections: the same thing is told once. */
export function noteAnomalies(session: SmtpSession, evidence: SmtpEvidence): void {
  for (const anomaly of anomaliesOf(session, evidence)) {
    const isKnown = evidence.anomalies.some(({ kind, detail }) => kind === anomaly.kind && detail === anomaly.detail);
    if (!isKnown) evidence.anomalies.push(anomaly);
  }
}

function anomaliesOf(session: SmtpSession, evidence: SmtpEvidence): Anomaly[] {
  const { capabilities, capabilities_before_tls: before } = evidence;
  const anomalies: Anomaly[] = [];
  for (const kind of session.parser.oddities) anomalies.push({ kind, detail: LINE_ODDITIES[kind] });
  if (evidence.protocol === "SMTP") anomalies.push({ kind: "helo_fallback", detail: "EHLO was refused, HELO was taken" });
  if (session.farewell !== null) anomalies.push({ kind: "closed_by_421", detail: `${session.farewell.code} ${replyText(session.farewell)}` });
  if (evidence.tls !== null && has(capabilities, "STARTTLS")) anomalies.push({ kind: "starttls_inside_tls", detail: "STARTTLS is offered again inside TLS" });
  // After a HELO nothing is offered at all, and before the EHLO inside TLS nothing yet.
  const lost = (capabilities === null ? [] : (before ?? []))
    .filter(({ keyword }) => keyword !== "STARTTLS" && !has(capabilities, keyword))
    .map(({ keyword }) => keyword);
  if (lost.length > 0) anomalies.push({ kind: "capabilities_only_in_clear", detail: lost.join(" ") });
  return anomalies;
}
