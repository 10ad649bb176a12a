import type { DeliverySettings } from "../../schemas/delivery.js";
import type { TlsInput } from "../../schemas/tls.js";

/** What TLS a mail host is owed. */
export interface TlsDemand {
  /** may: where it is offered, and in the clear where it is not or fails. must: or nothing is sent. */
  readonly level: "none" | "may" | "must";
  /** The certificate must be trusted for the host's name. */
  readonly verify: boolean;
  /** Who demands it; null where nobody does. */
  readonly source: string | null;
  readonly minVersion: TlsInput["min_version"];
  readonly ca: string | undefined;
}

/** What the settings alone ask for. */
export function configuredTls({ mode, verify, min_version: minVersion, ca }: DeliverySettings["tls"]): TlsDemand {
  const level = verify === "require" || mode === "starttls" ? "must" : mode === "opportunistic" ? "may" : "none";
  return { level, verify: verify === "require", source: level === "must" ? "configured" : null, minVersion, ca };
}
