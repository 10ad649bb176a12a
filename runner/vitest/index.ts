export { probeTest } from "./probe-test.js";
export { type SuiteOptions, suiteTests } from "./suite-tests.js";
