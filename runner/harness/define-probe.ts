import type { Carried, Status } from "../../schemas/carried.js";
import type { Contract, FilledOf, GivenOf } from "../../schemas/contract.js";
import type { Failure } from "../../schemas/failure.js";
import type { Limits } from "../limits/limits.js";
import type { Violation } from "../support/request-error.js";
import type { Need } from "./capabilities.js";
import type { Context } from "./context.js";
import type { FieldOf, Target } from "./target.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** The result of `run`: the probe's own fields. The harness adds those that every output carries. */
export type Evidence<Output> = Omit<Output, keyof Carried> & { status: Status; failure: Failure | null };

/** An older contract that is still served: pure converters to and from the newest one. */
export interface OlderVersion {
  readonly input: Contract;
  readonly output: Contract;
  upgradeInput(input: never): unknown;
  downgradeOutput(output: never, input: never): unknown;
}

/** The types of an input as written and as filled in. Never a value. */
export interface Exchange<Given = unknown, Output = unknown> {
  given: Given;
  output: Output;
}

/** An older contract with its types. */
export type TypedOlderVersion<Each extends Exchange> = OlderVersion & { readonly types?: Each };

export interface NewestVersion {
  readonly input: Contract;
  readonly output: Contract;
}

/** A probe in the registry, without its types. */
export interface Probe {
  readonly name: string;
  readonly summary: string;
  readonly needs: readonly Need[];
  readonly target?: Target;
  readonly freeForm?: true;
  readonly replay?: "lines" | ((input: never) => string | null);
  /** By version, newest first. The newest does the work. */
  readonly versions: Readonly<Record<string, NewestVersion | OlderVersion>>;
  readonly checkInput?: (input: never) => readonly Violation[];
  readonly usualTimeoutMs?: (input: never) => number;
  readonly weight?: (input: never) => number;
  readonly usualLimits?: (environment: Environment) => Limits;
  readonly fromEnvironment?: (environment: Environment) => Readonly<Record<string, unknown>>;
  readonly run: (input: never, ctx: never) => Promise<unknown>;
}

/** A probe with its types; `types` is never set. */
export type TypedProbe<Newest extends string, Versions> = Probe & { readonly types?: { newest: Newest; versions: Versions } };

export interface Definition<
  Input,
  Output,
  Needs extends Need,
  Given = unknown,
  Version extends string = string,
  Older extends Readonly<Record<string, OlderVersion>> = Readonly<Record<string, OlderVersion>>,
> {
  readonly name: string;
  /** One sentence for the list of probes. */
  readonly summary: string;
  /** The capabilities that `run` may use: its ctx has no others. */
  readonly needs: readonly Needs[];
  /** The input fields that a word on the command line fills: `{ host: "target_host", port: "target_port" }`, `"email"`. */
  readonly target?: Target<FieldOf<NoInfer<Given>>>;
  /** The protocol has no syntax (finger, gopher, whois): anything that a peer sends is an answer, and a wrong peer cannot be recognised. */
  readonly freeForm?: true;
  /**
   * The conversation is lines of text, each recorded as it is sent and received: `--record` writes a transcript that can be replayed. A function
   * says why the conversation of an input cannot; null if it can.
   */
  readonly replay?: "lines" | ((input: Input) => string | null);
  readonly version: Version;
  readonly input: Contract<Given, Input>;
  readonly output: Contract<unknown, Output>;
  readonly older?: Older;
  /**
   * The problems of an input that its contract accepts but that cannot work. Nothing is sent. It does no I/O. It is called before and after
   * references are resolved, and skips unresolved ones.
   */
  readonly checkInput?: (input: Input) => readonly Violation[];
  /** The run's deadline for an input without timeout_ms, if it depends on other fields. */
  readonly usualTimeoutMs?: (input: Input) => number;
  /** How many requests an input makes, if it may be more than one: rate limits of a queue count the job with this weight. */
  readonly weight?: (input: Input) => number;
  /** The limits of concurrency and rate, in total and for each key, for a worker without limits of its own. */
  readonly usualLimits?: (environment: Environment) => Limits;
  /** Input fields with defaults from the environment, on the command line. */
  readonly fromEnvironment?: (environment: Environment) => Partial<Given>;
  // A property, not a method: method parameters are bivariant, and would accept a run() with the wrong input.
  readonly run: (input: Input, ctx: Context<Needs>) => Promise<Evidence<Output>>;
}

/** Defines a probe, and checks that `run` accepts what its input contract promises and returns what its output contract requires. */
export function defineProbe<
  Input,
  Output,
  const Needs extends Need,
  Given,
  const Version extends string,
  Older extends Readonly<Record<string, OlderVersion>> = Record<never, never>,
>(
  definition: Definition<Input, Output, Needs, Given, Version, Older>,
): TypedProbe<Version, Record<Version, Exchange<Given, Output>> & { [V in keyof Older]: Older[V] extends TypedOlderVersion<infer Each> ? Each : Exchange }> {
  const {
    name,
    summary,
    needs,
    target,
    freeForm,
    replay,
    version,
    input,
    output,
    older,
    checkInput,
    usualTimeoutMs,
    weight,
    usualLimits,
    fromEnvironment,
    run,
  } = definition;
  return {
    name,
    summary,
    needs,
    ...(target === undefined ? {} : { target }),
    ...(freeForm === undefined ? {} : { freeForm }),
    ...(replay === undefined ? {} : { replay: replay as Probe["replay"] & {} }),
    versions: { [version]: { input, output }, ...older },
    ...(checkInput === undefined ? {} : { checkInput: checkInput as (input: never) => readonly Violation[] }),
    ...(usualTimeoutMs === undefined ? {} : { usualTimeoutMs: usualTimeoutMs as (input: never) => number }),
    ...(weight === undefined ? {} : { weight: weight as (input: never) => number }),
    ...(usualLimits === undefined ? {} : { usualLimits }),
    ...(fromEnvironment === undefined ? {} : { fromEnvironment: fromEnvironment as Probe["fromEnvironment"] & object }),
    run: run as Probe["run"],
  };
}

/** Defines an older contract, typed against the newest one. */
export function olderVersion<const Old extends NewestVersion, const New extends NewestVersion>(
  old: Old,
  _newest: New,
  converters: {
    upgradeInput: (input: FilledOf<Old["input"]>) => FilledOf<New["input"]>;
    downgradeOutput: (output: FilledOf<New["output"]>, input: FilledOf<Old["input"]>) => FilledOf<Old["output"]>;
  },
): TypedOlderVersion<Exchange<GivenOf<Old["input"]>, FilledOf<Old["output"]>>> {
  return { input: old.input, output: old.output, ...(converters as Pick<OlderVersion, "upgradeInput" | "downgradeOutput">) };
}
