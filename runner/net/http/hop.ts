import type { Hop } from "../../../schemas/http.js";
import type { Exchange } from "./exchange.js";
import { headersOf } from "./message.js";
import { locationOf } from "./redirect.js";

/** An exchange as an output shows it. */
export function hopOf({ request, ipAddress, attempts, tls, head, informational, phases, anomalies }: Exchange): Hop {
  return {
    url: request.url.href,
    method: request.method,
    ip_address: ipAddress,
    attempts,
    tls,
    http_version: head?.version ?? null,
    status: head?.status ?? null,
    reason: head === null || head.reason === "" ? null : head.reason,
    headers: headersOf(head?.fields ?? []),
    informational,
    phases,
    redirect: head === null ? null : locationOf(head),
    anomalies,
  };
}
