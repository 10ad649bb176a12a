import type { Carried, Status } from "../../schemas/carried.js";
import type { Contract, FilledOf, GivenOf } from "../../schemas/contract.js";
import type { Failure } from "../../schemas/failure.js";
import type { Limits } from "../limits/limits.js";
import type { Violation } from "../support/request-error.js";
import type { Need } from "./capabilities.js";
import type { Context } from "./context.js";
import type { FieldOf, Target } from "./target.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** What `run` gives back: the probe's own fields. The harness puts what every output carries around them. */
export type Evidence<Output> = Omit<Output, keyof Carried> & { status: Status; failure: Failure | null };

/** An older contract that is still served: pure converters to and from the newest one. */
export interface OlderVersion {
  readonly input: Contract;
  readonly output: Contract;
  upgradeInput(input: never): unknown;
  downgradeOutput(output: never, input: never): unknown;
}

/** What a caller may write and what comes of it. Never a value: it carries the two types only. */
export interface Exchange<Given = unknown, Output = unknown> {
  given: Given;
  output: Output;
}

/** An older contract that has not lost its types. */
export type TypedOlderVersion<Each extends Exchange> = OlderVersion & { readonly types?: Each };

export interface NewestVersion {
  readonly input: Contract;
  readonly output: Contract;
}

/** A probe as the registry holds it, its types erased. */
export interface Probe {
  readonly name: string;
  readonly summary: string;
  readonly needs: readonly Need[];
  readonly target?: Target;
  readonly freeForm?: true;
  /** By version, the newest first. The newest does the work. */
  readonly versions: Readonly<Record<string, NewestVersion | OlderVersion>>;
  readonly checkInput?: (input: never) => readonly Violation[];
  readonly usualTimeoutMs?: (input: never) => number;
  readonly weight?: (input: never) => number;
  readonly usualLimits?: (environment: Environment) => Limits;
  readonly fromEnvironment?: (environment: Environment) => Readonly<Record<string, unknown>>;
  readonly run: (input: never, ctx: never) => Promise<unknown>;
}

/** A probe that has not lost its types: `types` is never set. */
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
  /** One sentence for the catalogue. */
  readonly summary: string;
  /** What `run` may use of the world: nothing else is in its ctx. */
  readonly needs: readonly Needs[];
  /** The input fields that a bare word on the command line fills: `{ host: "target_host", port: "target_port" }`, `"email"`. */
  readonly target?: Target<FieldOf<NoInfer<Given>>>;
  /** The protocol has no syntax (finger, gopher, whois): whatever a peer sends is an answer, and no peer can be recognised as the wrong one. */
  readonly freeForm?: true;
  readonly version: Version;
  readonly input: Contract<Given, Input>;
  readonly output: Contract<unknown, Output>;
  readonly older?: Older;
  /**
   * What is wrong with an input although its contract takes it: only another input can mend it, so nothing is sent. It does no I/O. It is
   * called before and after references are resolved, and skips what is still a reference.
   */
  readonly checkInput?: (input: Input) => readonly Violation[];
  /** The run's deadline for an input without timeout_ms, where it depends on what else was asked. */
  readonly usualTimeoutMs?: (input: Input) => number;
  /** How many requests an input makes, if that may be more than one: a queue's rate limits count its job that many times. */
  readonly weight?: (input: Input) => number;
  /** How many jobs run at once and a second, together and of each key, where a worker was given no limits. */
  readonly usualLimits?: (environment: Environment) => Limits;
  /** Fields of the input that the environment of a command line gives, where the input leaves them out. */
  readonly fromEnvironment?: (environment: Environment) => Partial<Given>;
  // A property, not a method: method parameters are bivariant, and would accept a run() with the wrong input.
  readonly run: (input: Input, ctx: Context<Needs>) => Promise<Evidence<Output>>;
}

/** Describes a probe, and checks that `run` takes what its input contract promises and gives what its output contract asks. */
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
  const { name, summary, needs, target, freeForm, version, input, output, older, checkInput, usualTimeoutMs, weight, usualLimits, fromEnvironment, run } =
    definition;
  return {
    name,
    summary,
    needs,
    ...(target === undefined ? {} : { target }),
    ...(freeForm === undefined ? {} : { freeForm }),
    versions: { [version]: { input, output }, ...older },
    ...(checkInput === undefined ? {} : { checkInput: checkInput as (input: never) => readonly Violation[] }),
    ...(usualTimeoutMs === undefined ? {} : { usualTimeoutMs: usualTimeoutMs as (input: never) => number }),
    ...(weight === undefined ? {} : { weight: weight as (input: never) => number }),
    ...(usualLimits === undefined ? {} : { usualLimits }),
    ...(fromEnvironment === undefined ? {} : { fromEnvironment: fromEnvironment as Probe["fromEnvironment"] & object }),
    run: run as Probe["run"],
  };
}

/** Describes an older contract, typed against the newest one. */
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
