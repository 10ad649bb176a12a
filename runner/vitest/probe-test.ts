import { type TestContext, test } from "vitest";
import type { Envelope } from "../../schemas/envelope.js";
import type { AnyProbeName, CheckedName, InputOf, OutputOf } from "../harness/probe-types.js";
import { type RunOptions, runReport } from "../harness/run.js";
import { testTimeoutMs } from "./test-timeout.js";
import { withEvidence } from "./with-evidence.js";

/** The body of a test. If it throws, the test's message also says what the run did. */
export type Check<Output> = (envelope: Envelope<Output>, context: TestContext) => unknown;

export type ProbeTestOptions = Omit<RunOptions, "signal">;

type DefineProbeTest = <const Name extends AnyProbeName>(
  title: string,
  name: CheckedName<Name>,
  input: InputOf<Name>,
  check: Check<OutputOf<Name>>,
  options?: ProbeTestOptions,
) => void;

/**
 * A vitest test that runs a probe once and passes its envelope:
 *
 *     probeTest("mx1 greets", "network.smtp", { target_host: "mx1.example.org" }, ({ output }) => {
 *       expect(output.response_time_ms).toBeLessThan(200);
 *     });
 */
export const probeTest: DefineProbeTest & Readonly<Record<"concurrent" | "only" | "skip", DefineProbeTest>> = Object.assign(defining(test), {
  concurrent: defining(test.concurrent),
  only: defining(test.only),
  skip: defining(test.skip),
});

type Define = (title: string, settings: { timeout: number }, body: (context: TestContext) => Promise<void>) => void;

function defining(define: Define): DefineProbeTest {
  return (title, name, input, check, options = {}) => {
    if (typeof check !== "function")
      throw new TypeError(`probeTest(${JSON.stringify(title)}, …) needs a function after the input: the body of the test, which gets the envelope`);
    const deadlineMs = options.timeoutMs ?? (input as { timeout_ms?: number } | null)?.timeout_ms;
    define(title, { timeout: testTimeoutMs(deadlineMs) }, async (context) => {
      const report = await runReport(name, input, { ...options, signal: context.signal });
      await withEvidence(report, () => check(report.envelope as Envelope<never>, context));
    });
  };
}
