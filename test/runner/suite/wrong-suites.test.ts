import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { problemText, SuiteError } from "../../../runner/suite/problem.js";
import { readSuite } from "../../../runner/suite/read.js";

const folder = new URL("../../../fixtures/suites/wrong/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
const environment = { MX1_HOST: "mx1.example.org", SECRET_HOST: "a secret, here", SECRET_PORT: "hunter2" };

async function problemsOf(name: string): Promise<string> {
  try {
    await readSuite(name, readFileSync(new URL(name, folder), "utf8"), environment);
  } catch (error) {
    if (error instanceof SuiteError) return `${error.problems.map(problemText).join("\n")}\n`;
    throw error;
  }
  return "nothing is wrong\n";
}

// `UPDATE_GOLDENS=1` rewrites the goldens: read the difference.
describe("all errors of a suite are reported together, with line and column", () => {
  test.each(names)("%s", async (name) => {
    const golden = new URL(name.replace(/\.yaml$/, ".txt"), folder);
    const problems = await problemsOf(name);
    if (process.env.UPDATE_GOLDENS === "1") writeFileSync(golden, problems);
    expect(existsSync(golden), "it has a golden").toBe(true);
    expect(problems).toBe(readFileSync(golden, "utf8"));
  });

  test("and values of the environment are not shown", async () => {
    const all = (await Promise.all(names.map(problemsOf))).join("");
    expect(all).not.toContain(environment.SECRET_HOST);
    expect(all).not.toContain(environment.SECRET_PORT);
  });
});
