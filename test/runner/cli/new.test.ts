import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { probeRun, REPO, spawnProbeRun } from "./command-line.js";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "probe-run-new-"));
  folders.push(made);
  return made;
}

async function node(cwd: string, ...argv: string[]): Promise<{ code: number; said: string }> {
  // Removes what this run of vitest adds to the environment.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^VITEST|^TEST$|^NODE_ENV$|^PROD$|^DEV$|^MODE$|^SSR$|^BASE_URL$|^PROBE_RUN_SLOW$/.test(name)),
  );
  const child = spawn(process.execPath, argv, { cwd, env });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      said += chunk;
    });
  }
  const [code] = (await once(child, "close")) as [number];
  return { code, said };
}

const vitest = join(REPO, "node_modules/vitest/vitest.mjs");

describe("probe-run new, anywhere", () => {
  test("creates a package whose test passes at once, and whose probe runs", { timeout: 300_000 }, async () => {
    const cwd = folder();
    const { code, out, err } = await probeRun(["new", "acme.greeting"], { cwd });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const made = join(cwd, "acme.greeting");
    const manifest = JSON.parse(readFileSync(join(made, "package.json"), "utf8"));
    expect(manifest.name).toBe("probe-run-probe-acme.greeting");
    for (const name of ["probe.js", "probe.test.js", "greets.transcript", "README.md"]) expect(out).toContain(`acme.greeting/${name}\n`);

    // Does what `npm install` would do.
    mkdirSync(join(made, "node_modules"));
    symlinkSync(REPO, join(made, "node_modules/probe-run"));
    symlinkSync(join(REPO, "node_modules/vitest"), join(made, "node_modules/vitest"));
    expect(await node(made, vitest, "run")).toMatchObject({ code: 0, said: expect.stringContaining("3 passed") });

    const run = await spawnProbeRun(["./probe.js", "--set", "target_host=127.0.0.1", "--set", "target_port=1"], { cwd: made });
    expect(run.code).toBe(1);
    expect(JSON.parse(run.out).output.failure).toMatchObject({ phase: "connect", code: "refused" });
  });

  test("overwrites nothing: no file is written if one exists", async () => {
    const cwd = folder();
    mkdirSync(join(cwd, "acme.greeting"));
    writeFileSync(join(cwd, "acme.greeting/probe.js"), "mine");
    const { code, err } = await probeRun(["new", "acme.greeting"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain("acme.greeting/probe.js already exists");
    expect(readFileSync(join(cwd, "acme.greeting/probe.js"), "utf8")).toBe("mine");
    expect(existsSync(join(cwd, "acme.greeting/package.json"))).toBe(false);
  });

  test.each(["Acme", "acme greeting", "../acme", "a/b", "", ".acme", "acme.", "1acme"])("rejects the name %j", async (id) => {
    const cwd = folder();
    expect((await probeRun(["new", id], { cwd })).code).toBe(2);
  });
});

describe("probe-run new, inside probe-run's own repository", () => {
  test("creates a folder in probes/ that type-checks, and passes its own test and the conformance suite unchanged", { timeout: 600_000 }, async () => {
    const repository = folder();
    for (const name of [
      "package.json",
      "tsconfig.json",
      "vitest.config.ts",
      "runner",
      "schemas",
      "probes",
      "scripts",
      "test/conformance",
      "test/house",
      "test/support/longest-first.ts",
      "test/support/transpiled-sources.ts",
      "docs",
      "README.md",
    ])
      cpSync(join(REPO, name), join(repository, name), { recursive: true });
    symlinkSync(join(REPO, "node_modules"), join(repository, "node_modules"));
    const { code, out } = await probeRun(["new", "acme.greeting"], { cwd: join(repository, "runner") });
    expect(code).toBe(0);
    expect(out).toContain("../probes/acme.greeting/probe.ts\n");
    writeFileSync(
      join(repository, "tsconfig.new.json"),
      JSON.stringify({ extends: "./tsconfig.json", include: ["runner/capabilities.ts", "probes/acme.greeting/*.ts", "test/probes/acme.greeting/*.ts"] }),
    );
    expect(await node(repository, "scripts/run.mjs", "scripts/generate.ts")).toMatchObject({ code: 0 });
    const [types, tests] = await Promise.all([
      node(repository, join(REPO, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.new.json"),
      node(repository, vitest, "run", "test/probes/acme.greeting", "test/conformance", "-t", "acme.greeting"),
    ]);
    expect(types).toEqual({ code: 0, said: "" });
    expect(tests).toMatchObject({ code: 0, said: expect.stringMatching(/Tests .*2[0-9] passed/) });
  });
});
