import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { REPO } from "../house/files.js";

const home = mkdtempSync(join(tmpdir(), "probe-run-compile-cache-"));
afterAll(() => rmSync(home, { recursive: true }));

/** The folder that Node would use: asked of the file of bin/ with a node:module that has the function, as newer ones have. */
async function folderUsed(env: Record<string, string>): Promise<string | null> {
  const code = `
    const nodeModule = require("node:module");
    nodeModule.enableCompileCache = (folder) => { process.stdout.write(folder); };
    require(${JSON.stringify(join(REPO, "bin/compile-cache.cjs"))}).keepCompiled();`;
  const { CI: _, NODE_COMPILE_CACHE: __, NODE_DISABLE_COMPILE_CACHE: ___, ...inherited } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", code], { env: { ...inherited, ...env } });
  return stdout === "" ? null : stdout;
}

test("a folder of the user's own cache, which only the user may write", async () => {
  const folder = join(home, "a/probe-run/compiled");
  expect(await folderUsed({ XDG_CACHE_HOME: join(home, "a") })).toBe(folder);
  expect(existsSync(folder)).toBe(true);
});

test.each([{ CI: "true" }, { NODE_DISABLE_COMPILE_CACHE: "1" }, { NODE_COMPILE_CACHE: "/elsewhere" }])("not with %o", async (env) => {
  expect(await folderUsed({ XDG_CACHE_HOME: join(home, "b"), ...env })).toBeNull();
  expect(existsSync(join(home, "b"))).toBe(false);
});

test("not in a folder that others may write, and not where none can be made", async () => {
  const open = join(home, "c/probe-run/compiled");
  mkdirSync(open, { recursive: true });
  chmodSync(open, 0o777);
  expect(await folderUsed({ XDG_CACHE_HOME: join(home, "c") })).toBeNull();
  expect(await folderUsed({ XDG_CACHE_HOME: "/dev/null" })).toBeNull();
});
