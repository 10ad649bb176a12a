import type { Carried, Status } from "../../../schemas/carried.js";
import type { Operation } from "../../../schemas/operation.js";
import type { Report } from "../../harness/run.js";
import { labelledOperations } from "../operation-labels.js";
import { addressHash } from "./address.js";
import { addressOf } from "./address-of.js";
import { dnsMetrics } from "./dns-metrics.js";
import { httpMetrics } from "./http-metrics.js";
import { pingMetrics } from "./ping-metrics.js";
import { type Series, secondsSeries, series } from "./series.js";
import { tlsMetrics } from "./tls-metrics.js";

const STATUSES: readonly Status[] = ["ok", "warning", "error"];

/** What a run is as numbers. */
export function runMetrics({ probe, carried }: Pick<Report, "probe" | "carried">): Series[] {
  const { status, duration_ms, operations, failure } = carried;
  const address = addressOf(carried);
  const lookUp = lookUpMs(operations);
  return [
    ...series("probe_success", status === "error" ? 0 : 1),
    ...secondsSeries("probe_duration_seconds", duration_ms),
    ...secondsSeries("probe_dns_lookup_time_seconds", lookUp),
    ...series("probe_ip_protocol", address === null ? 0 : address.includes(":") ? 6 : 4),
    ...series("probe_ip_addr_hash", address === null ? 0 : addressHash(address)),
    ...tlsMetrics(carried),
    ...protocolMetrics(probe, carried, lookUp),
    ...STATUSES.flatMap((each) => series("probe_status", each === status ? 1 : 0, { status: each })),
    ...operationMetrics(operations),
    ...(failure === null ? [] : series("probe_failure_info", 1, { phase: failure.phase, code: failure.code })),
  ];
}

function protocolMetrics(probe: string, carried: Carried, lookUp: number): Series[] {
  if (probe === "webapp.http") return httpMetrics(carried);
  if (probe === "network.dns") return dnsMetrics(carried);
  return probe === "network.ping" ? pingMetrics(carried, lookUp) : [];
}

function operationMetrics(operations: readonly Operation[]): Series[] {
  return labelledOperations(operations).flatMap(([operation, { duration_ms, code }]) => [
    ...secondsSeries("probe_operation_duration_seconds", duration_ms, { operation }),
    ...series("probe_operation_code", code, { operation }),
  ]);
}

/** Over all conversations of the run: a part's operation is `imap resolve`. */
function lookUpMs(operations: readonly Operation[]): number {
  const durations = operations.filter(({ name }) => /(?:^| )resolve$/.test(name)).map(({ duration_ms }) => duration_ms ?? 0);
  return durations.reduce((sum, milliseconds) => sum + milliseconds, 0);
}
