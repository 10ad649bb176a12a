// Prints one line, `N passed, N failed`, from vitest's JSON reports. Fails if a test failed, or a report is missing.
import { readFileSync } from "node:fs";

const reports = process.argv.slice(2).map(read);
const passed = sum(reports.map(({ numPassedTests }) => numPassedTests));
const failed = sum(reports.map(failuresIn));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** A file that could not be loaded has no tests that could fail: it counts as one. */
function failuresIn({ numFailedTests, testResults }) {
  return numFailedTests + testResults.filter(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0).length;
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, each) => total + each, 0);
}

/** @param {string} path */
function read(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    console.error(`There is no report of a test run: ${error.message}`);
    return { numPassedTests: 0, numFailedTests: 1, testResults: [] };
  }
}
