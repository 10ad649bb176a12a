import type { Finding } from "../../schemas/finding.js";
import type { Report } from "../harness/run.js";

/** What a scrape asks for, as the URL names it. */
export interface Asked {
  readonly target: string;
  /** For TLS and virtual hosts, where the target is an address; null if the URL names none. */
  readonly hostname: string | null;
  readonly timeoutMs: number;
}

export type ModuleInputs = readonly Readonly<Record<string, unknown>>[];

/** A probe with an input that lacks its target: what `/probe?module=NAME` runs. */
export interface Module {
  readonly name: string;
  /** The probe, with a version or without. */
  readonly probe: string;
  /** Its own deadline; null: the scrape's. */
  readonly timeoutMs: number | null;
  /** The inputs for a target. The next one is tried if the host has no address of the family that this one wants. */
  inputs(asked: Asked): ModuleInputs | Promise<ModuleInputs>;
  /** What the module wants beyond what the probe judges. */
  judge(report: Report): readonly ModuleFinding[];
  /** Reasons of the probe's own findings that are no failure for this module. */
  readonly ignores: readonly string[];
  /** Whether probe_failed_due_to_regex belongs to its metrics. */
  readonly hasRegex: boolean;
}

export interface ModuleFinding {
  readonly message: string;
  readonly isRegex: boolean;
}

/** A URL that cannot be what the module was made for. */
export class BadTarget extends Error {
  override readonly name = "BadTarget";
}

/** Findings of the probe that say that a regular expression did not match. */
const REGEX_REASONS: readonly Finding["reason"][] = ["body_differs"];

/** A server that ends a conversation without the line that was waited for; one that says nothing is late. */
function isUnmatched(failure: Report["carried"]["failure"]): boolean {
  return failure?.phase === "expect" && failure.code !== "timeout";
}

export interface Verdict {
  readonly isSuccess: boolean;
  readonly failedDueToRegex: boolean;
  /** Of the module's own judgement. */
  readonly messages: readonly string[];
}

export function verdictOf(module: Pick<Module, "judge" | "ignores">, report: Report): Verdict {
  const { failure, status } = report.carried;
  const own = failure === null ? module.judge(report) : [];
  const { findings = [] } = report.carried as { findings?: readonly Finding[] };
  const errors = findings.filter(({ severity, reason }) => severity === "error" && !module.ignores.includes(reason));
  const isFine = status !== "error" || (failure === null && errors.length === 0 && findings.length > 0);
  return {
    isSuccess: isFine && own.length === 0,
    failedDueToRegex: isUnmatched(failure) || own.some(({ isRegex }) => isRegex) || errors.some(({ reason }) => REGEX_REASONS.includes(reason)),
    messages: own.map(({ message }) => message),
  };
}
