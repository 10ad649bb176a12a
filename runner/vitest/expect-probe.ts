import { expect } from "vitest";
import type { Carried } from "../../schemas/carried.js";
import type { Expectation } from "../../schemas/suite.js";
import type { AnyProbeName, CheckedName, InputOf, OutputOf } from "../harness/probe-types.js";
import { type Report, type RunOptions, runReport } from "../harness/run.js";
import { mismatches } from "../suite/judge.js";
import { mismatchText } from "./evidence-text.js";
import { type AskedRun, checkAtEndOfTest, NO_MATCHER } from "./test-end.js";
import { setMessage, withEvidence } from "./with-evidence.js";

type Partially<Value> = Value extends readonly (infer Item)[]
  ? readonly Partially<Item>[]
  : Value extends object
    ? { readonly [Field in keyof Value]?: Partially<Value[Field]> }
    : Value;

/** Of a third-party probe, only some fields are known. */
type PartOf<Output> = Carried extends Output ? Partially<Carried> & Readonly<Record<string, unknown>> : Partially<Output>;

/** What can be expected of a run. Each returns the output. The run starts with the first call. */
export interface ProbeExpectation<Output> {
  /** Its status is ok: no failure and no finding. */
  toBeOk(): Promise<Output>;
  /** It failed as given. Only given fields are compared. */
  toFailWith(failure: NonNullable<Expectation["failure"]>): Promise<Output>;
  /** Its output has at least these fields, as in vitest's toMatchObject. */
  toMatch(part: PartOf<Output>): Promise<Output>;
}

/** Runs a probe and checks the result: `await expectProbe("network.smtp@2", input).toBeOk()`. */
export function expectProbe<const Name extends AnyProbeName>(
  name: CheckedName<Name>,
  input: InputOf<Name>,
  options: RunOptions = {},
): ProbeExpectation<OutputOf<Name>> {
  return new Expected((signal) => runReport(name, input, { ...options, signal: joined(options.signal, signal) }), calledBy(expectProbe)) as ProbeExpectation<
    OutputOf<Name>
  >;
}

class Expected implements ProbeExpectation<unknown>, AskedRun {
  asked = 0;
  readonly waiting = new Set<Promise<unknown>>();
  readonly #ending = new AbortController();
  #run: Promise<Report> | null = null;

  constructor(
    readonly start: (signal: AbortSignal) => Promise<Report>,
    readonly caller: Error,
  ) {
    checkAtEndOfTest(this);
  }

  toBeOk(): Promise<unknown> {
    return this.#ask((run, caller) => fulfilled(run, { status: "ok" }, caller), this.toBeOk);
  }

  toFailWith(failure: NonNullable<Expectation["failure"]>): Promise<unknown> {
    return this.#ask((run, caller) => fulfilled(run, { status: "error", failure }, caller), this.toFailWith);
  }

  toMatch(part: unknown): Promise<unknown> {
    return this.#ask((run, caller) => matching(run, part as object, caller), this.toMatch);
  }

  #ask(answer: (run: Promise<Report>, caller: Error) => Promise<unknown>, matcher: (...given: never[]) => unknown): Promise<unknown> {
    this.asked += 1;
    this.#run ??= this.start(this.#ending.signal);
    const answered = answer(this.#run, calledBy(matcher));
    this.waiting.add(answered);
    const done = (): void => void this.waiting.delete(answered);
    answered.then(done, done);
    return answered;
  }

  async end(): Promise<Report | null> {
    this.#ending.abort();
    return (await this.#run?.catch(() => null)) ?? null;
  }

  /** Awaited before a matcher was called, it would be a test that passes and checks nothing. */
  // biome-ignore lint/suspicious/noThenProperty: to be awaited is what it is for
  then(resolve: (value: unknown) => void, reject: (reason: Error) => void): void {
    if (this.asked > 0) resolve(undefined);
    else {
      this.asked += 1;
      setMessage(this.caller, NO_MATCHER);
      reject(this.caller);
    }
  }
}

function joined(given: AbortSignal | undefined, own: AbortSignal): AbortSignal {
  return given === undefined ? own : AbortSignal.any([given, own]);
}

async function matching(run: Promise<Report>, part: object, caller: Error): Promise<unknown> {
  const report = await run;
  await withEvidence(report, () => expect(report.envelope.output).toMatchObject(part), caller);
  return report.envelope.output;
}

async function fulfilled(run: Promise<Report>, expected: Expectation, error: Error): Promise<unknown> {
  const report = await run;
  const wrong = mismatches(expected, report.carried, report.envelope.output);
  if (wrong.length === 0) return report.envelope.output;
  setMessage(error, mismatchText(wrong, report));
  throw error;
}

/** Created before the run, so that its stack begins at the caller. */
function calledBy(method: Parameters<typeof Error.captureStackTrace>[1]): Error {
  const error = new Error();
  Error.captureStackTrace(error, method);
  return error;
}
