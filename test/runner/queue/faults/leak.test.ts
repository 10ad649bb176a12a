import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Program } from "./program.js";

/** Throws its input: a bug, and the worst place for a password. */
const LEAKY = `
  import { contract, defineProbe, outputOf, secretSchema } from "probe-run";
  const input = contract({ type: "object", properties: { password: secretSchema }, required: ["password"], additionalProperties: false });
  async function run({ password }) { throw new Error("cannot log in with " + password); }
  export default defineProbe({ name: "leaky", summary: "Throws.", needs: [], version: "1.0.0", input, output: contract(outputOf({})), run });
`;

test("a secret in a probe's exception reaches neither the dead letters nor the terminal", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "probe-run-leak-"));
  await writeFile(join(cwd, "leaky.mjs"), LEAKY);
  const probeRun = async (argv: readonly string[], stdin = "") => {
    const program = new Program(argv, { cwd, stdin, env: { LEAKY_PASSWORD: "correct horse" } });
    return { ...(await program.ended), text: program.out + program.err };
  };
  const enqueued = await probeRun(["enqueue", "./leaky.mjs", "-", "--attempts", "1"], '{"password":{"secret":"env:LEAKY_PASSWORD"}}');
  const worked = await probeRun(["work", "--probe", "./leaky.mjs", "--drain"]);
  const dead = await probeRun(["queue", "dead", "--json"]);
  expect(enqueued.text).toBe("1 accepted\n");
  expect(worked.text).toMatch(/^0 jobs in .*1 dead/);
  expect(dead.text).toContain("cannot log in with [secret]");
  expect(worked.text + dead.text).not.toContain("correct horse");
  await rm(cwd, { recursive: true });
});
