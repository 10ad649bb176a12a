import type { Carried } from "../../schemas/carried.js";
import type { Contract } from "../../schemas/contract.js";
import type { Envelope } from "../../schemas/envelope.js";
import type { Cancellation } from "../run/cancellation.js";
import { monotonic, round, utc } from "../run/clock.js";
import { Deadline } from "../run/deadline.js";
import { startWhenIdle } from "../run/read-scheduler.js";
import { Recorder, type TraceEvent } from "../run/recorder.js";
import type { JobMemory, RunState } from "../run/run-state.js";
import type { RunTargets } from "../run/run-targets.js";
import { SecretKeeper } from "../run/secret-keeper.js";
import { assertOptions, OPTION, type OptionRules } from "../support/check-options.js";
import { violationsOf } from "../support/violations.js";
import { type Accepted, accept, assertUsable } from "./accept.js";
import type { OlderVersion } from "./define-probe.js";
import { fitForQueue } from "./queue-payload.js";
import { needsResolving, type ReferencePath } from "./reference-paths.js";
import { resolveReferences } from "./references.js";
import { type LoadedProbe, loadedProbe, loadProbe } from "./registry.js";
import { type Asked, parseAsked } from "./version.js";

export interface RunOptions {
  /** Ends the run early; what was learned by then is in the output. */
  signal?: AbortSignal;
  /** The same at less cost; set by a queue's worker. */
  cancellation?: Cancellation;
  /** The whole run's deadline; overrides the input's timeout_ms. */
  timeoutMs?: number;
  /** Receives what crosses the wire, with secrets masked. */
  trace?: (event: TraceEvent) => void;
  /** Stores state for the next run of the same job; set by a queue's worker. */
  memory?: JobMemory;
  /** What the run may connect to; by default anything. Set by a queue's worker. */
  targets?: RunTargets;
  /** A folder for the files that a probe offers, such as screenshots. Without it none is written. */
  artifacts?: string;
}

const RULES: OptionRules<RunOptions> = {
  signal: OPTION.signal,
  cancellation: OPTION.object,
  timeoutMs: OPTION.milliseconds,
  trace: OPTION.function,
  memory: OPTION.object,
  targets: OPTION.object,
  artifacts: OPTION.text,
};

/** An envelope, and what else the harness knows about the run. */
export interface Report {
  envelope: Envelope;
  probe: string;
  version: string;
  /** What every output carries, even if an older contract does not show it. */
  carried: Carried;
}

/** For a probe whose input has no deadline. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Runs a probe once and returns its envelope. Rejects with a RequestError for an invalid request: nothing was sent then. */
export function run(name: string, input: unknown, options: RunOptions = {}): Promise<Envelope> {
  return runReport(name, input, options).then(envelopeOf);
}

function envelopeOf({ envelope }: Report): Envelope {
  return envelope;
}

// From here on, nothing is async without need: an async function keeps its variables while it waits, and thousands of runs may wait at once.
export function runReport(name: string, input: unknown, options: RunOptions = {}): Promise<Report> {
  try {
    assertOptions("run", options, RULES);
    const asked = parseAsked(name);
    const loaded = loadedProbe(asked.name);
    if (loaded !== undefined) return runLoaded(loaded, asked, input, options);
    return loadProbe(asked.name).then((justLoaded) => runLoaded(justLoaded, asked, input, options));
  } catch (error) {
    return Promise.reject(error);
  }
}

export function runLoaded(loaded: LoadedProbe, asked: Asked, input: unknown, options: RunOptions): Promise<Report> {
  try {
    const accepted = accept(loaded, asked, input);
    const secrets = new SecretKeeper();
    const paths = loaded.references[loaded.versions[0] as string] as readonly ReferencePath[];
    const begin = (deadline: Deadline | null): Promise<Report> =>
      new Promise((resolve, reject) =>
        startWhenIdle(() => {
          // What is thrown here would end the process: nothing above catches it.
          try {
            new Run(loaded, accepted, secrets, deadline ?? deadlineOf(accepted, options), options).report(resolve, reject);
          } catch (error) {
            reject(error);
          }
        }),
      );
    if (!paths.some((path) => needsResolving(accepted.filled, path))) return begin(null);
    // One deadline for the whole run, which includes resolving references.
    const deadline = deadlineOf(accepted, options);
    const failed = (error: unknown): never => {
      deadline.release();
      throw error;
    };
    return resolveReferences(accepted.filled, paths, secrets, deadline)
      .then(() => {
        assertUsable(loaded.probe, accepted.version, accepted.filled);
        return begin(deadline);
      })
      .catch(failed);
  } catch (error) {
    return Promise.reject(error);
  }
}

function deadlineOf({ filled }: Accepted, { timeoutMs, signal, cancellation }: RunOptions): Deadline {
  return new Deadline(timeoutMs ?? filled.timeout_ms ?? DEFAULT_TIMEOUT_MS, cancellation ?? signal);
}

/** How long a probe may take to return after its deadline. Built-in probes return at once; a later one ignores its deadline. */
const GRACE_MS = 2000;

/** One run, from its accepted input to its report. */
class Run implements RunState {
  readonly recorder: Recorder;
  readonly memory: JobMemory | null;
  readonly targets: RunTargets | null;
  readonly artifacts: string | null;

  constructor(
    readonly loaded: LoadedProbe,
    readonly accepted: Accepted,
    readonly secrets: SecretKeeper,
    readonly deadline: Deadline,
    { trace, memory, targets, artifacts }: RunOptions,
  ) {
    this.memory = memory ?? null;
    this.targets = targets ?? null;
    this.artifacts = artifacts ?? null;
    this.recorder = new Recorder(trace === undefined ? null : masked(trace, secrets));
  }

  /** Resolves with what the probe found; rejects if it runs long after its deadline. */
  report(resolve: (report: Report) => void, reject: (error: unknown) => void): void {
    const { name } = this.loaded.probe;
    const failed = (error: unknown): void => {
      this.deadline.release();
      reject(withoutSecrets(error, this.secrets));
    };
    this.#begin().then((evidence) => {
      try {
        if (evidence === null || typeof evidence !== "object") throw new Error(`${name} gave ${String(evidence)} and no evidence: run() must return an object`);
        resolve(this.#reportOn(evidence as Pick<Carried, "status" | "failure">));
      } catch (error) {
        failed(error);
      }
    }, failed);
    this.deadline.afterEnd(GRACE_MS, () => failed(new Error(`${name} did not end within ${GRACE_MS} ms after its deadline: it must listen to ctx.signal`)));
  }

  #begin(): Promise<unknown> {
    const { probe, grant, Context } = this.loaded;
    const context = new Context(this, grant);
    try {
      return Promise.resolve(probe.run(this.accepted.filled as never, context as never));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #reportOn(evidence: Pick<Carried, "status" | "failure">): Report {
    const { probe, versions } = this.loaded;
    const { version, given } = this.accepted;
    const newest = versions[0] as string;
    const contract = probe.versions[newest]?.output as Contract;
    const carried = this.secrets.maskAll(wrap(evidence, this.recorder), contract.schema as object);
    this.deadline.release();
    assertFits(contract, carried, `${probe.name}@${newest}`);
    if (version === newest) return reportOf(carried, carried, probe.name, version);
    const older = probe.versions[version] as OlderVersion;
    const shown = older.downgradeOutput(carried as never, given as never);
    assertFits(older.output, shown, `${probe.name}@${version}`);
    return reportOf(shown, carried, probe.name, version);
  }
}

function reportOf(shown: unknown, carried: Carried, probe: string, version: string): Report {
  return { envelope: { output: shown, queue: fitForQueue(shown) }, probe, version, carried };
}

/** What every output carries comes first, then the probe's own fields. */
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

/** An output that violates its own contract is a bug of the probe, and reported as one. */
function assertFits(contract: Contract, output: unknown, name: string): void {
  if (contract.validator(output)) return;
  const violations = violationsOf(contract.faults(output)).map(({ pointer, message }) => `${pointer} ${message}`);
  throw new Error(`${name} gave an output that its own contract refuses: ${violations.join("; ")}`);
}

/** An error message of a bug may contain data of the run, and is stored with a queue's dead letters. */
function withoutSecrets(error: unknown, secrets: SecretKeeper): unknown {
  if (secrets.isEmpty) return error;
  if (!(error instanceof Error)) return secrets.mask(String(error));
  error.message = secrets.mask(error.message);
  error.stack = secrets.mask(error.stack ?? "");
  return error;
}

function masked(trace: (event: TraceEvent) => void, secrets: SecretKeeper): (event: TraceEvent) => void {
  return (event) => trace({ ...event, text: secrets.maskLine(event.text) });
}
