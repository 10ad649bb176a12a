import { statusLine } from "../../runner/net/imap/response.js";
import type { ImapSession } from "../../runner/net/imap/session.js";
import { commonAnomalies, noteOnce } from "../../runner/service-check/anomalies.js";
import type { ImapAnomaly } from "../../schemas/imap.js";
import type { ImapEvidence } from "./evidence.js";

/** What the server did against the standard, over all of the run's connections. */
export function noteAnomalies(session: ImapSession, evidence: ImapEvidence): void {
  const { capabilities, capabilities_before_tls: before, versions, tls } = evidence;
  const anomalies: ImapAnomaly[] = commonAnomalies({
    oddities: session.parser.oddities,
    isSecured: tls !== null,
    verb: "STARTTLS",
    capabilities,
    // This one has to go: inside TLS a password is safe (RFC 3501, section 6.2.3).
    capabilitiesBeforeTls: before?.filter((name) => name !== "LOGINDISABLED") ?? null,
  });
  if (session.farewell !== null && evidence.greeting !== "bye") anomalies.push({ kind: "closed_by_bye", detail: statusLine(session.farewell) });
  // RFC 3501, section 7.2.1; RFC 9051, section 7.2.2: one of them must be named.
  if (capabilities !== null && versions.length === 0) anomalies.push({ kind: "no_known_version", detail: "neither IMAP4rev1 nor IMAP4rev2 is named" });
  noteOnce(evidence.anomalies, anomalies);
}
