import type { COMMON_ANOMALIES } from "../../schemas/service.js";
import { LINE_ODDITIES, type LineOddity } from "../net/transport/line-text.js";

export interface Anomaly<Kind extends string = string> {
  kind: Kind;
  detail: string;
}

type CommonAnomaly = Anomaly<(typeof COMMON_ANOMALIES)[number]>;

/** What a session has observed. Capabilities are keywords in upper case. */
export interface Ways {
  readonly oddities: readonly LineOddity[];
  readonly isSecured: boolean;
  /** STARTTLS, or the protocol's name for it. */
  readonly verb: string;
  readonly capabilities: readonly string[] | null;
  readonly capabilitiesBeforeTls: readonly string[] | null;
}

/** Violations of the standard that all of these protocols share. */
export function commonAnomalies({ oddities, isSecured, verb, capabilities, capabilitiesBeforeTls }: Ways): CommonAnomaly[] {
  const anomalies: CommonAnomaly[] = oddities.map((kind) => ({ kind, detail: LINE_ODDITIES[kind] }));
  if (isSecured && capabilities?.includes(verb)) anomalies.push({ kind: "starttls_inside_tls", detail: `${verb} is offered again inside TLS` });
  // Without capabilities nothing is missing: inside TLS they may not have been requested yet.
  const lost = capabilities === null ? [] : (capabilitiesBeforeTls ?? []).filter((keyword) => keyword !== verb && !capabilities.includes(keyword));
  if (lost.length > 0) anomalies.push({ kind: "capabilities_only_in_clear", detail: lost.join(" ") });
  return anomalies;
}

/** Each anomaly is reported once, over all connections of a run. */
export function addOnce<Kind extends string>(known: Anomaly<Kind>[], found: readonly Anomaly<Kind>[]): void {
  for (const anomaly of found) {
    if (!known.some(({ kind, detail }) => kind === anomaly.kind && detail === anomaly.detail)) known.push(anomaly);
  }
}
