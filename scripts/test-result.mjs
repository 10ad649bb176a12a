// Prints the failures of vitest's JSON reports, a line each, and at the end `N passed, N failed`. Fails if a test failed, or a report is missing.
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const reports = process.argv.slice(2).map(read);
const passed = sum(reports.map(({ numPassedTests }) => numPassedTests));
const failures = reports.flatMap(failuresIn);
const failed = failures.length;
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** A file that could not be loaded has no tests that could fail: it counts as one. */
function failuresIn({ testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (failed.length > 0) return failed.map(({ fullName, failureMessages }) => `${file} > ${fullName}: ${firstLine(failureMessages[0])}`);
    return status === "failed" ? [`${file}: ${firstLine(message)}`] : [];
  });
}

function firstLine(text = "") {
  return text.split("\n", 1)[0].slice(0, 300);
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
    return {
      numPassedTests: 0,
      testResults: [{ name: path, status: "failed", message: `there is no report of this test run: ${error.message}`, assertionResults: [] }],
    };
  }
}
