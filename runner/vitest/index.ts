export { probeTest } from "./probe-test.js";
