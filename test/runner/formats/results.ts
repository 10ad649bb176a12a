import type { Renderer, Setting } from "../../../runner/formats/renderer.js";
import type { RunResult } from "../../../runner/formats/run-result.js";
import { RunSummary } from "../../../runner/formats/run-summary.js";
import type { Report } from "../../../runner/harness/run.js";
import { styleFor } from "../../../runner/support/style.js";
import { type FailureCode, failure, type Phase } from "../../../schemas/failure.js";
import type { Operation } from "../../../schemas/operation.js";

/** 2026-11-20T02:41:46.500Z */
export const ENDED_AT = Date.UTC(2026, 10, 20, 2, 41, 46, 500);

export const step = (name: string, at_ms: number, duration_ms: number | null, code: number | null = null, message: string | null = null): Operation => ({
  name,
  at_ms,
  duration_ms,
  code,
  message,
});

/** A run as a probe reports it, with what a test says of it. */
export function result(fields: object = {}, own: Partial<RunResult> = {}): RunResult {
  const carried = {
    status: "ok",
    failure: null,
    ip_address: "192.0.2.7",
    connected_time: null,
    operations: [step("connect", 0, 25, null, "192.0.2.7 25"), step("greeting", 25, 25, 220, "mx.example.org ESMTP"), step("EHLO", 50, 0.01, 250)],
    duration_ms: 100.25,
    target_host: "mx.example.org",
    target_port: 25,
    findings: [],
    ...fields,
  };
  const report = { probe: "network.smtp", version: "2.0.0", carried, envelope: { output: carried, queue: carried } } as unknown as Report;
  return { probe: "network.smtp", target: "mx.example.org:25", report, error: null, endedAt: ENDED_AT, ...own };
}

export const failed = (phase: Phase, code: FailureCode, message: string): RunResult => result({ status: "error", failure: failure(phase, code, message) });

export const warned = (message: string): RunResult =>
  result({ status: "warning", findings: [{ severity: "warning", reason: "slow_response", message, expected: null, actual: null }] });

export const broken = (error: string): RunResult => result({}, { report: null, error });

export const setting = (isList: boolean): Setting => ({
  isList,
  isRepeated: false,
  targets: ["mx.example.org:25"],
  canvas: { width: 80, style: styleFor({ isTty: false, columns: 80 }, {}) },
  paint: (json) => json,
});

/** What a renderer prints of these. */
export function rendered(renderer: Renderer, results: readonly RunResult[]): string {
  const summary = new RunSummary();
  for (const { report } of results) summary.add(report);
  // The last one is ready first: formats must not rely on the order.
  const texts = results.map((each, index) => [index, each] as const).reverse();
  const presented = new Map(texts.map(([index, each]) => [index, renderer.present(each, index)]));
  const items = results.map((_, index) => renderer.item(presented.get(index) as string, index));
  return `${items.join("")}${renderer.end(summary)}`;
}

/** Words that mean something in a format, and text that acts on a terminal. */
export const HOSTILE = "a|b\r\n::error::x\nnot ok 9 # TODO\u001b[2J <b>&\"' \u202e\ufffe %0A ]]> \\";
