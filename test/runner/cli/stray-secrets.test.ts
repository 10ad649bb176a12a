import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { spawnProbeRun } from "./command-line.js";

const SECRET = "hunter2-of-the-test";

/** A third-party probe that fails with its password in hand, in one way or another. */
const probeThat = (goesWrong: string): string => `
  import { contract, defineProbe, outputOf, secretSchema } from "probe-run";
  const input = contract({ type: "object", properties: { password: secretSchema }, required: ["password"], additionalProperties: false });
  async function run({ password }) { ${goesWrong} }
  export default defineProbe({ name: "a.leak", summary: "s", version: "1.0.0", needs: [], input, output: contract(outputOf({})), run });`;

test.each([
  ["throws it in an error", 'throw new Error("no login with " + password);'],
  ["throws it as a text", 'throw "no login with " + password;'],
  [
    "puts it in a rejection that is not awaited",
    'Promise.reject(new Error("no login with " + password)); await new Promise((resolve) => setTimeout(resolve, 5000));',
  ],
])("a probe that %s does not reveal a secret", async (_how, goesWrong) => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-leak-"));
  const probe = join(folder, "leak.mjs");
  writeFileSync(probe, probeThat(goesWrong));
  const { code, out, err } = await spawnProbeRun([probe, "--set", `password=${SECRET}`]);
  rmSync(folder, { recursive: true });
  expect(code).toBe(3);
  expect(err).toContain("no login with [secret]");
  expect(out + err).not.toContain(SECRET);
});
