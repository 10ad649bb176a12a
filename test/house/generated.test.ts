import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const script = (name: string, ...args: string[]) => promisify(execFile)(process.execPath, ["scripts/run.mjs", `scripts/${name}.ts`, ...args]);

test("what is generated is what the sources say: if not, `npm run generate`", async () => {
  await expect(script("generate", "--check")).resolves.toMatchObject({ stderr: "" });
});

test("no contract breaks users of its last release", async () => {
  await expect(script("compatibility")).resolves.toMatchObject({ stderr: "" });
});
