import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";

const PACKAGES = fileURLToPath(new URL("../../../node_modules", import.meta.url));
const COMPLAINT = { code: "missing_client", message: expect.stringMatching(/packages that are not installed here: npm install bullmq@6 ioredis@6$/) };
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-missing-"));
  const open = JSON.stringify(fileURLToPath(new URL("../../../runner/queue/redis/backend.ts", import.meta.url)));
  const contents = `import { openRedis } from ${open};
    openRedis("redis://127.0.0.1:1", { retentionMs: 1, mayCreate: true }).catch(({ code, message }) => console.log(JSON.stringify({ code, message })));`;
  const outfile = join(folder, "open.mjs");
  await build({ stdin: { contents, resolveDir: folder }, outfile, bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "error" });
});
afterAll(() => rmSync(folder, { recursive: true }));

test("without BullMQ, the error says what to install", async () => {
  expect(await opened()).toEqual(COMPLAINT);
});

test("so it does without the client that BullMQ loads", async () => {
  const packages = join(folder, "node_modules");
  mkdirSync(packages);
  for (const name of readdirSync(PACKAGES)) if (!name.startsWith(".") && name !== "ioredis") symlinkSync(join(PACKAGES, name), join(packages, name));
  expect(await opened()).toEqual(COMPLAINT);
});

async function opened(): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--preserve-symlinks", "--preserve-symlinks-main", join(folder, "open.mjs")]);
  return JSON.parse(stdout);
}
