import "../capabilities.js";

export type { InputOf, OutputOf, ProbeName } from "../harness/probe-types.js";
// The exports of probe-run/vitest for test files. Everything else is probe-run's own.
export * from "../lab/on-demand.js";
export { expectProbe, type ProbeExpectation } from "./expect-probe.js";
export { type Check, type ProbeTestOptions, probeTest } from "./probe-test.js";
export { type SuiteOptions, suiteTests } from "./suite-tests.js";
export type { CheckTry } from "./tries.js";
