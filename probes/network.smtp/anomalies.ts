import type { Capability } from "../../runner/net/smtp/capabilities.js";
import { replyText } from "../../runner/net/smtp/reply.js";
import type { SmtpSession } from "../../runner/net/smtp/session.js";
import { commonAnomalies, noteOnce } from "../../runner/service-check/anomalies.js";
import type { Anomaly } from "../../schemas/smtp.js";
import type { SmtpEvidence } from "./evidence.js";

/** What the server did against the standard, over all of the run's connections. */
export function noteAnomalies(session: SmtpSession, evidence: SmtpEvidence): void {
  const anomalies: Anomaly[] = [];
  if (evidence.protocol === "SMTP") anomalies.push({ kind: "helo_fallback", detail: "EHLO was refused, HELO was taken" });
  if (session.farewell !== null) anomalies.push({ kind: "closed_by_421", detail: `${session.farewell.code} ${replyText(session.farewell)}` });
  const common = commonAnomalies({
    oddities: session.parser.oddities,
    isSecured: evidence.tls !== null,
    verb: "STARTTLS",
    capabilities: keywords(evidence.capabilities),
    capabilitiesBeforeTls: keywords(evidence.capabilities_before_tls),
  });
  noteOnce(evidence.anomalies, [...common, ...anomalies]);
}

function keywords(capabilities: readonly Capability[] | null): string[] | null {
  return capabilities?.map(({ keyword }) => keyword) ?? null;
}
