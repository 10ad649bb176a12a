import { randomBytes } from "node:crypto";
import type { Operation } from "../../../schemas/operation.js";
import type { Report } from "../../harness/run.js";
import { findingsOf, type RunResult } from "../run-result.js";
import { targetsOf } from "../targets.js";
import { attributes, nanoseconds, SPAN_KIND_CLIENT, SPAN_KIND_INTERNAL, type Span, STATUS_ERROR, STATUS_UNSET } from "./span.js";

/** A run as a trace: a root span for the run, and below it one for each operation. */
export function traceOf(result: RunResult): Span[] {
  const { report, endedAt } = result;
  if (report === null) return [];
  const traceId = randomBytes(16).toString("hex");
  const root = rootSpan(result, report, traceId);
  const began = endedAt - report.carried.duration_ms;
  return [root, ...report.carried.operations.map((operation) => operationSpan(operation, root, began, endedAt))];
}

function rootSpan(result: RunResult, report: Report, traceId: string): Span {
  const { probe, version, carried } = report;
  const { failure, status } = carried;
  const began = result.endedAt - carried.duration_ms;
  const [where] = targetsOf({ ...carried });
  return {
    traceId,
    spanId: spanId(),
    name: probe,
    kind: SPAN_KIND_CLIENT,
    startTimeUnixNano: nanoseconds(began),
    endTimeUnixNano: nanoseconds(result.endedAt),
    attributes: attributes({
      "probe_run.probe": probe,
      "probe_run.version": version,
      "probe_run.target": result.target,
      "probe_run.status": status,
      "server.address": where?.host ?? null,
      "server.port": where?.port === null || where?.port === undefined ? null : Number(where.port),
      "network.peer.address": carried.ip_address,
      "error.type": failure?.code ?? (status === "error" ? "expectation" : null),
      "probe_run.failure.phase": failure?.phase ?? null,
      "probe_run.failure.reply_code": failure?.reply_code ?? null,
      "probe_run.failure.retryable": failure?.retryable ?? null,
    }),
    events: findingsOf(report).map(({ severity, reason, message, expected, actual }) => ({
      timeUnixNano: nanoseconds(result.endedAt),
      name: "probe_run.finding",
      attributes: attributes({ severity, reason, message, expected, actual }),
    })),
    status: status === "error" ? { code: STATUS_ERROR, message: failure?.message ?? findingsOf(report)[0]?.message ?? "" } : { code: STATUS_UNSET },
  };
}

/** An operation that never ended lasted until the run did. */
function operationSpan({ name, at_ms, duration_ms, code, message }: Operation, root: Span, began: number, endedAt: number): Span {
  return {
    traceId: root.traceId,
    spanId: spanId(),
    parentSpanId: root.spanId,
    name,
    kind: SPAN_KIND_INTERNAL,
    startTimeUnixNano: nanoseconds(began + at_ms),
    endTimeUnixNano: nanoseconds(duration_ms === null ? endedAt : began + at_ms + duration_ms),
    attributes: attributes({ "probe_run.code": code, "probe_run.message": message }),
    status: duration_ms === null ? { code: STATUS_ERROR, message: "it did not end" } : { code: STATUS_UNSET },
  };
}

function spanId(): string {
  return randomBytes(8).toString("hex");
}
