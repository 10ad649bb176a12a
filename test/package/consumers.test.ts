import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REPO } from "../house/files.js";
import { check } from "./compile.js";
import { CONSUMERS, manifestOf, tsconfigOf } from "./consumers.js";
import { install, node, pack } from "./install.js";

// From the tarball, outside of this checkout: what is not in `files` or not in `dependencies` is missing here as it would be for a user.
const top = mkdtempSync(join(tmpdir(), "probe-run-consumers-"));
const folderOf = (name: string) => join(top, "projects", name);
const mainOf = (source: string) => `main${extname(source)}`;

beforeAll(async () => {
  const tarball = await pack(top);
  for (const consumer of CONSUMERS) {
    const folder = folderOf(consumer.name);
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(REPO, "fixtures/package", consumer.source), join(folder, mainOf(consumer.source)));
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifestOf(consumer, tarball)));
    if (consumer.typescript !== undefined) writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfigOf(consumer)));
  }
  writeFileSync(join(top, "package.json"), JSON.stringify({ name: "consumers", private: true, workspaces: ["projects/*"] }));
  await install(top);
}, 600_000);
afterAll(() => rmSync(top, { recursive: true, force: true }));

describe("installed from the tarball", () => {
  test("has no types of a dependency, no sources and no tests in it", () => {
    const packages = readdirSync(join(top, "node_modules"));
    expect(packages).toEqual(expect.arrayContaining(["probe-run", "ajv", "dns-packet"]));
    expect(packages.filter((name) => ["json-schema-to-ts", "ts-algebra", "vitest", "bullmq"].includes(name))).toEqual([]);
    expect(existsSync(join(top, "node_modules/@types/dns-packet"))).toBe(false);
    const files = readdirSync(join(top, "node_modules/probe-run"), { recursive: true, encoding: "utf8" });
    expect(files.filter((file) => file.endsWith(".d.ts")).sort()).toEqual(["dist/delivery.d.ts", "dist/index.d.ts", "dist/vitest.d.ts"]);
    expect(files.filter((file) => /(?<!\.d)\.ts$/.test(file) || file.startsWith("test/"))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "docs/transcripts.md", "schemas/json/network.smtp/2.0.0/input.json"]));
  });

  const typed = CONSUMERS.filter(({ typescript }) => typescript !== undefined);
  test.each(typed)("$name compiles", { timeout: 120_000 }, async ({ name, typescript }) => {
    const compiler = [folderOf(name), top].map((folder) => join(folder, "node_modules/typescript")).find(existsSync) as string;
    const { version } = (await import(join(compiler, "package.json"), { with: { type: "json" } })).default;
    expect(version).toBe(typescript);
    expect((await check(folderOf(name), compiler)).faults).toEqual([]);
  });

  test.each(CONSUMERS.filter(({ source }) => source !== "probe.ts"))("$name runs", { timeout: 60_000 }, async ({ name, source }) => {
    const main = source.endsWith(".ts") ? "dist/main.js" : mainOf(source);
    expect(await node(folderOf(name), main)).toBe("ok true function\n");
  });

  test("the command runs a third-party probe with its own capability", { timeout: 60_000 }, async () => {
    const command = join(top, "node_modules/probe-run/bin/probe-run.cjs");
    const envelope = JSON.parse(await node(top, command, "probe-run-probe-acme", "tick", "--set", "times=2", "--set", "tone=high"));
    expect(envelope.output).toMatchObject({ status: "ok", words: ["TICK", "TICK"], ticks: 3 });
  });
});
