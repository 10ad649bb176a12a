import type { Capability } from "../../runner/net/pop3/capabilities.js";
import { replyLine } from "../../runner/net/pop3/reply.js";
import type { Pop3Session } from "../../runner/net/pop3/session.js";
import { commonAnomalies, noteOnce } from "../../runner/service-check/anomalies.js";
import type { Pop3Anomaly } from "../../schemas/pop3.js";
import type { Pop3Evidence } from "./evidence.js";

/** What the server did against the standard, over all of the run's connections. */
export function noteAnomalies(session: Pop3Session, evidence: Pop3Evidence): void {
  const anomalies: Pop3Anomaly[] = commonAnomalies({
    oddities: session.parser.oddities,
    isSecured: evidence.tls !== null,
    verb: "STLS",
    capabilities: keywords(evidence.capabilities),
    capabilitiesBeforeTls: keywords(evidence.capabilities_before_tls),
  });
  if (session.farewell !== null) anomalies.push({ kind: "closed_unasked", detail: replyLine(session.farewell) });
  noteOnce(evidence.anomalies, anomalies);
}

function keywords(capabilities: readonly Capability[] | null): string[] | null {
  return capabilities?.map(({ keyword }) => keyword) ?? null;
}
