import { runMetrics } from "../formats/metrics/run-metrics.js";
import { metricsText, type Series, secondsSeries, series } from "../formats/metrics/series.js";
import { loadProbe } from "../harness/registry.js";
import { type Report, runLoaded } from "../harness/run.js";
import { parseAsked } from "../harness/version.js";
import { monotonic } from "../run/clock.js";
import type { TraceEvent } from "../run/recorder.js";
import { RunTargets, type TargetPolicy } from "../run/run-targets.js";
import { startTimeout } from "../run/timeout.js";
import { RequestError } from "../support/request-error.js";
import { type Asked, BadTarget, type Module, type ModuleInputs, verdictOf } from "./module.js";

/** What one scrape found. */
export interface Probed {
  readonly metrics: readonly Series[];
  readonly isSuccess: boolean;
  /** What happened, for debug=true: secrets are masked by the run. */
  readonly log: readonly string[];
}

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** Null: every target is allowed. */
  readonly policy: TargetPolicy | null;
  readonly isDebug: boolean;
}

/** Of a conversation this much is kept for debug=true. */
const MOST_LOG_LINES = 1000;

/** Runs a module against a target. A target that it cannot be run against is a failed probe, as in blackbox_exporter. */
export async function probe(module: Module, asked: Asked, options: ProbeOptions): Promise<Probed> {
  const began = monotonic();
  const log: string[] = [];
  try {
    const report = await reportOf(module, asked, options, log);
    const verdict = verdictOf(module, report);
    log.push(...describe(report), ...verdict.messages);
    return { metrics: metricsOf(module, asked, report, verdict), isSuccess: verdict.isSuccess, log };
  } catch (error) {
    if (!(error instanceof BadTarget) && !(error instanceof RequestError)) throw error;
    const reasons = error instanceof RequestError ? error.violations.map(({ pointer, message }) => `${pointer} ${message}`.trim()) : [];
    log.push(error instanceof RequestError ? error.summary : error.message, ...reasons);
    const metrics = [...series("probe_success", 0), ...secondsSeries("probe_duration_seconds", monotonic() - began), ...regexSeries(module, false)];
    return { metrics: [...metrics, ...secondsSeries("probe_timeout_seconds", asked.timeoutMs)], isSuccess: false, log };
  }
}

async function reportOf(module: Module, asked: Asked, options: ProbeOptions, log: string[]): Promise<Report> {
  const wanted = parseAsked(module.probe);
  const loaded = await loadProbe(wanted.name);
  const endsAt = monotonic() + asked.timeoutMs;
  const inputs = await withinTime(module.inputs(asked), asked.timeoutMs);
  for (const [index, input] of inputs.entries()) {
    const report = await runLoaded(loaded, wanted, input, {
      signal: options.signal,
      timeoutMs: Math.max(1, Math.ceil(endsAt - monotonic())),
      ...(options.policy === null ? {} : { targets: new RunTargets(options.policy) }),
      ...(options.isDebug ? { trace: (event: TraceEvent) => note(log, event) } : {}),
    });
    const { failure } = report.carried;
    const hasNoSuchAddress = failure?.phase === "resolve" && failure.code === "dns_not_found";
    if (!hasNoSuchAddress || index === inputs.length - 1) return report;
  }
  throw new BadTarget("the module has nothing to run");
}

/** A target's name may be looked up before the run, by a resolver that cannot be stopped. */
async function withinTime(inputs: ModuleInputs | Promise<ModuleInputs>, timeoutMs: number): Promise<ModuleInputs> {
  if (!(inputs instanceof Promise)) return inputs;
  return new Promise((resolve, reject) => {
    const cancel = startTimeout(timeoutMs, () => reject(new BadTarget(`no address within ${timeoutMs} ms`)));
    inputs.finally(cancel).then(resolve, reject);
  });
}

function metricsOf(module: Module, asked: Asked, report: Report, { isSuccess, failedDueToRegex }: ReturnType<typeof verdictOf>): Series[] {
  const { status } = report.carried;
  const judgedStatus = isSuccess ? (status === "error" ? "warning" : status) : "error";
  const own = runMetrics({ ...report, carried: { ...report.carried, status: judgedStatus } });
  return [...own, ...secondsSeries("probe_timeout_seconds", asked.timeoutMs), ...regexSeries(module, failedDueToRegex)];
}

function regexSeries({ hasRegex }: Module, failed: boolean): Series[] {
  return hasRegex ? series("probe_failed_due_to_regex", failed ? 1 : 0) : [];
}

function note(log: string[], { at_ms, direction, text, part }: TraceEvent): void {
  if (log.length < MOST_LOG_LINES) log.push(`${at_ms.toFixed(3)} ms ${part === undefined ? "" : `${part} `}${direction}: ${text}`);
}

function describe({ probe: name, version, carried }: Report): string[] {
  const { failure, status } = carried;
  const { findings = [] } = carried as { findings?: readonly { severity: string; message: string }[] };
  return [
    `${name}@${version}: ${status}`,
    ...(failure === null ? [] : [`${failure.phase}: ${failure.code}: ${failure.message}`]),
    ...findings.map(({ severity, message }) => `${severity}: ${message}`),
  ];
}

/** As /probe prints it. */
export function probeText({ metrics, isSuccess, log }: Probed, module: Module, isDebug: boolean): string {
  const text = metricsText(metrics);
  if (!isDebug) return text;
  const lines = log.map((line) => `${line.replace(/\r?\n$/, "").replace(/[\r\n]+/g, "\n    ")}\n`).join("");
  return `Log of the probe:\n${lines}\nIt ${isSuccess ? "succeeded" : "failed"}.\n\nMetrics:\n${text}\nModule: ${module.name}, by ${module.probe}\n`;
}
