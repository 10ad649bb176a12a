// Prints one line, `N passed, N failed`, from vitest's JSON report. Fails when a test did, or when there is no report.
import { readFileSync } from "node:fs";

const report = read(process.argv[2]);
// A file that could not even be loaded has no tests that could fail: it counts as one.
const unloaded = report.testResults.filter(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0).length;
const failed = report.numFailedTests + unloaded;
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed === 0 && report.numPassedTests > 0 ? 0 : 1;

/** @param {string | undefined} path */
function read(path) {
  try {
    return JSON.parse(readFileSync(path ?? "", "utf8"));
  } catch (error) {
    console.error(`There is no report of a test run: ${error.message}`);
    return { numPassedTests: 0, numFailedTests: 1, testResults: [] };
  }
}
