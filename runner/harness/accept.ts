import { type RequestError, refusal, type Violation } from "../support/request-error.js";
import { violationsOf } from "../support/violations.js";
import type { OlderVersion, Probe } from "./define-probe.js";
import type { DefinedProbe } from "./registry.js";
import { type Asked, candidates } from "./version.js";

/** A validated request: nothing has been sent yet. */
export interface Accepted {
  version: string;
  /** In the contract of `version`, with its defaults. */
  given: unknown;
  /** The same for the newest contract. */
  filled: { timeout_ms?: number };
}

/** Selects the version: the newest whose contract accepts the input. If none does, the newest reports why. */
export function accept(loaded: DefinedProbe, asked: Asked, input: unknown): Accepted {
  const versions = candidates(asked, loaded.versions);
  for (const version of versions) {
    const given = clone(input);
    const contract = loaded.probe.versions[version] as OlderVersion;
    if (!contract.input.validator(given)) continue;
    const filled = (version === loaded.versions[0] ? given : contract.upgradeInput(given as never)) as Accepted["filled"];
    assertUsable(loaded.probe, version, filled);
    if (loaded.probe.usualTimeoutMs !== undefined) filled.timeout_ms ??= loaded.probe.usualTimeoutMs(filled as never);
    return { version, given, filled };
  }
  throw refused(loaded, versions[0] as string, input);
}

/** Throws the probe's own objections to an input that its contract accepts. */
export function assertUsable(probe: Probe, version: string, filled: unknown): void {
  const violations = probe.checkInput?.(filled as never) ?? [];
  if (violations.length > 0) throw misfit(`${probe.name}@${version}`, violations);
}

function refused(loaded: DefinedProbe, version: string, input: unknown): RequestError {
  const { input: contract } = loaded.probe.versions[version] as OlderVersion;
  return misfit(`${loaded.probe.name}@${version}`, violationsOf(contract.faults(clone(input))));
}

function misfit(name: string, violations: readonly Violation[]): RequestError {
  return refusal(`the input does not fit ${name}`, "invalid_input", violations);
}

/** The caller's object is not changed: filling in defaults writes to this copy. */
function clone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clone);
  if (value === null || typeof value !== "object") return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = clone((value as Record<string, unknown>)[key]);
    // Assigned, this name would set the copy's prototype and so escape validation.
    if (key === "__proto__") Object.defineProperty(copy, key, { value: item, enumerable: true });
    else copy[key] = item;
  }
  return copy;
}
