import { RequestError, type Violation } from "../support/request-error.js";
import { violationsOf } from "../support/violations.js";
import type { OlderVersion, Probe } from "./define-probe.js";
import { jsonCopy } from "./json-copy.js";
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
    const given = copyOf(input, loaded.probe, versions);
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
  return misfit(`${loaded.probe.name}@${version}`, violationsOf(contract.faults(copyOf(input, loaded.probe, [version]))));
}

function copyOf(input: unknown, { name }: Probe, [newest]: readonly string[]): unknown {
  return jsonCopy(input, (violations) => misfit(`${name}@${newest}`, violations));
}

export function misfit(name: string, violations: readonly Violation[]): RequestError {
  return new RequestError(`the input does not fit ${name}`, "invalid_input", violations);
}
