import { execFile } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { REPO } from "../house/files.js";

const checkout = mkdtempSync(join(tmpdir(), "probe-run-build-"));
const command = join(checkout, "dist/cli.cjs");
const build = async (): Promise<number> => {
  await promisify(execFile)(process.execPath, ["scripts/build.mjs", "--js"], { cwd: checkout });
  return statSync(command).mtimeMs;
};

beforeAll(() => {
  const sources = ["schemas", "runner", "probes", "scripts", "bin", "package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
  for (const name of sources) cpSync(join(REPO, name), join(checkout, name), { recursive: true });
  installPackages();
});
/** Links to packages do, but for those whose code goes into dist/: the build looks at where it comes from. */
function installPackages(): void {
  const bundled = ["is-valid-hostname", "ajv", "fast-deep-equal"];
  mkdirSync(join(checkout, "node_modules"));
  for (const name of readdirSync(join(REPO, "node_modules")).filter((each) => each !== ".cache")) {
    const [from, to] = [join(REPO, "node_modules", name), join(checkout, "node_modules", name)];
    if (bundled.includes(name)) cpSync(from, to, { recursive: true });
    else symlinkSync(from, to);
  }
}

afterAll(() => rmSync(checkout, { recursive: true }));

test("the command says how to build it before it is built", async () => {
  const ended = await promisify(execFile)(process.execPath, [join(checkout, "bin/probe-run.cjs"), "list"]).catch((error) => error);
  expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining("npm run build") });
});

test("a build does not change a dist/ that fits; after a changed source or a missing file it does", { timeout: 900_000 }, async () => {
  // That of this checkout, which npm has built before the tests.
  cpSync(join(REPO, "dist"), join(checkout, "dist"), { recursive: true });
  const first = statSync(command).mtimeMs;
  expect(await build()).toBe(first);
  appendFileSync(join(checkout, "runner/cli/exit-codes.ts"), "// changed\n");
  const second = await build();
  expect(second).toBeGreaterThan(first);
  rmSync(command);
  expect(await build()).toBeGreaterThan(second);
});
