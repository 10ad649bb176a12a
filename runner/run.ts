import type { Carried } from "../schemas/carried.js";
import type { Contract } from "../schemas/contract.js";
import type { Envelope } from "../schemas/envelope.js";
import { monotonic, round, utc } from "./clock.js";
import { RunContext, type RunState } from "./context.js";
import { Deadline } from "./deadline.js";
import type { OlderVersion } from "./define-probe.js";
import { fitForQueue } from "./queue-payload.js";
import { Recorder, type TraceEvent } from "./recorder.js";
import { type LoadedProbe, loadedProbe, loadProbe } from "./registry.js";
import { RequestError } from "./request-error.js";
import { mayHold, type ReferencePath, resolveReferences, SecretKeeper } from "./secrets.js";
import { type Asked, candidates, parseAsked } from "./version.js";
import { violationsOf } from "./violations.js";

export interface RunOptions {
  /** Ends the run early; what was learned until then is in the output. */
  signal?: AbortSignal;
  /** The whole run's deadline; wins over the input's timeout_ms. */
  timeoutMs?: number;
  /** Is told what crosses the wire, secrets masked. */
  trace?: (event: TraceEvent) => void;
}

/** An envelope, and what the harness knows beside it. */
export interface Report {
  envelope: Envelope;
  probe: string;
  version: string;
  /** What every output carries, also where an older contract does not show it. */
  carried: Carried;
}

/** For a probe whose input says nothing about its deadline. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** Runs a probe once and gives its envelope. Rejects with a RequestError when the request was wrong: nothing was sent then. */
export async function run(name: string, input: unknown, options: RunOptions = {}): Promise<Envelope> {
  return (await runReport(name, input, options)).envelope;
}

export async function runReport(name: string, input: unknown, options: RunOptions = {}): Promise<Report> {
  const asked = parseAsked(name);
  return runLoaded(loadedProbe(asked.name) ?? (await loadProbe(asked.name)), asked, input, options);
}

/** What a request comes to once it has been checked: nothing has been sent yet. */
export interface Accepted {
  version: string;
  /** In the contract of `version`, its defaults filled in. */
  given: unknown;
  /** The same for the newest contract. */
  filled: { timeout_ms?: number };
}

/** Chooses the version: the newest whose contract takes the input. When none does, the newest says why. */
export function accept(loaded: LoadedProbe, asked: Asked, input: unknown): Accepted {
  const versions = candidates(asked, loaded.versions);
  for (const version of versions) {
    const given = clone(input);
    const contract = loaded.probe.versions[version] as OlderVersion;
    if (!contract.input.validator(given)) continue;
    const filled = version === loaded.versions[0] ? given : contract.upgradeInput(given as never);
    return { version, given, filled: filled as Accepted["filled"] };
  }
  throw refused(loaded, versions[0] as string, input);
}

function refused(loaded: LoadedProbe, version: string, input: unknown): RequestError {
  const { input: contract } = loaded.probe.versions[version] as OlderVersion;
  return new RequestError(`the input does not fit ${loaded.probe.name}@${version}`, "invalid_input", violationsOf(contract.faults(clone(input))));
}

export async function runLoaded(loaded: LoadedProbe, asked: Asked, input: unknown, options: RunOptions): Promise<Report> {
  const { probe } = loaded;
  const { version, given, filled } = accept(loaded, asked, input);
  const newest = loaded.versions[0] as string;
  const secrets = new SecretKeeper();
  const paths = loaded.references[newest] as readonly ReferencePath[];
  if (paths.some(({ steps }) => mayHold(filled, steps))) await resolveReferences(filled, paths, secrets);
  const recorder = new Recorder(options.trace === undefined ? null : masked(options.trace, secrets));
  const deadline = new Deadline(options.timeoutMs ?? filled.timeout_ms ?? DEFAULT_TIMEOUT_MS, options.signal);
  const state: RunState = { recorder, deadline, secrets };
  const context = new RunContext(state);
  loaded.grant(context, state);
  let output: Carried;
  try {
    const evidence = await endingWith(deadline, probe.name, probe.run(filled as never, context as never));
    output = wrap(evidence as Pick<Carried, "status" | "failure">, recorder);
  } finally {
    deadline.release();
  }
  const contract = probe.versions[newest]?.output as Contract;
  output = secrets.maskAll(output, contract.schema as object);
  assertFits(contract, output, `${probe.name}@${newest}`);
  let shown: unknown = output;
  if (version !== newest) {
    const older = probe.versions[version] as OlderVersion;
    shown = older.downgradeOutput(output as never, given as never);
    assertFits(older.output, shown, `${probe.name}@${version}`);
  }
  return { envelope: { output: shown, queue: fitForQueue(shown) }, probe: probe.name, version, carried: output };
}

/** How long a probe may take to come back after its deadline. Ours need no time at all: whoever is late does not listen. */
const GRACE_MS = 2000;

/** What the probe gives, or an error when it goes on long after its deadline. */
function endingWith<Result>(deadline: Deadline, name: string, running: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    running.then(resolve, reject);
    deadline.afterEnd(GRACE_MS, () => reject(new Error(`${name} did not end within ${GRACE_MS} ms after its deadline: it must listen to ctx.signal`)));
  });
}

/** What every output carries stands first, then the probe's own fields. */
function wrap(evidence: Pick<Carried, "status" | "failure">, recorder: Recorder): Carried {
  return {
    status: evidence.status,
    failure: evidence.failure,
    ip_address: recorder.ipAddress,
    connected_time: recorder.connectedAt === null ? null : utc(recorder.connectedAt),
    operations: recorder.operations,
    duration_ms: round(monotonic() - recorder.began),
    ...(evidence as object),
  };
}

/** An output that breaks its own contract is a bug of the probe, told as one. */
function assertFits(contract: Contract, output: unknown, name: string): void {
  if (contract.validator(output)) return;
  const violations = violationsOf(contract.faults(output)).map(({ pointer, message }) => `${pointer} ${message}`);
  throw new Error(`${name} gave an output that its own contract refuses: ${violations.join("; ")}`);
}

function masked(trace: (event: TraceEvent) => void, secrets: SecretKeeper): (event: TraceEvent) => void {
  return (event) => trace({ ...event, text: secrets.mask(event.text) });
}

/** The caller's object stays as it is: filling defaults in writes to this copy. */
function clone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clone);
  if (value === null || typeof value !== "object") return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = clone((value as Record<string, unknown>)[key]);
    // Assigned, this name would set the copy's prototype and so pass unseen.
    if (key === "__proto__") Object.defineProperty(copy, key, { value: item, enumerable: true });
    else copy[key] = item;
  }
  return copy;
}
