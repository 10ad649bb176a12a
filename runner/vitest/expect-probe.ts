import { expect } from "vitest";
import type { Expectation } from "../../schemas/suite.js";
import type { AnyProbeName, CheckedName, InputOf, OutputOf } from "../harness/probe-types.js";
import { type Report, type RunOptions, runReport } from "../harness/run.js";
import { mismatches } from "../suite/judge.js";
import { mismatchText } from "./evidence-text.js";
import { setMessage, withEvidence } from "./with-evidence.js";

type Partially<Value> = Value extends readonly (infer Item)[]
  ? readonly Partially<Item>[]
  : Value extends object
    ? { readonly [Field in keyof Value]?: Partially<Value[Field]> }
    : Value;

/** What can be expected of a run. Each returns the output. The run starts with the first call. */
export interface ProbeExpectation<Output> {
  /** Its status is ok: no failure and no finding. */
  toBeOk(): Promise<Output>;
  /** It failed as given. Only given fields are compared. */
  toFailWith(failure: NonNullable<Expectation["failure"]>): Promise<Output>;
  /** Its output has at least these fields, as in vitest's toMatchObject. */
  toMatch(part: Partially<Output>): Promise<Output>;
}

/** Runs a probe and checks the result: `await expectProbe("network.smtp@2", input).toBeOk()`. */
export function expectProbe<const Name extends AnyProbeName>(
  name: CheckedName<Name>,
  input: InputOf<Name>,
  options?: RunOptions,
): ProbeExpectation<OutputOf<Name>> {
  let made: Promise<Report> | null = null;
  const run = (): Promise<Report> => {
    made ??= runReport(name, input, options);
    return made;
  };
  const expectation: ProbeExpectation<unknown> = {
    toBeOk() {
      return fulfilled(run(), { status: "ok" }, calledBy(expectation.toBeOk));
    },
    toFailWith(failure) {
      return fulfilled(run(), { status: "error", failure }, calledBy(expectation.toFailWith));
    },
    toMatch(part) {
      return matching(run(), part as object, calledBy(expectation.toMatch));
    },
  };
  return expectation as ProbeExpectation<OutputOf<Name>>;
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
function calledBy(method: (...given: never[]) => unknown): Error {
  const error = new Error();
  Error.captureStackTrace(error, method);
  return error;
}
