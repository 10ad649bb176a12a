import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { spawnProbeRun } from "./command-line.js";

// Outside every project in which probe-run is installed, and run by the built command, so that this test's own loader does not help.
const cwd = mkdtempSync(join(tmpdir(), "probe-run-foreign-"));
const write = (name: string, content: string) => writeFileSync(join(cwd, name), content);

const PROBE = `
import { contract, defineProbe, fail, outputOf, secretSchema } from "probe-run";
import { run as same } from "probe-run";

export default defineProbe({
  name: "acme.echo",
  summary: "Returns its input.",
  version: "1.2.0",
  needs: ["clock"],
  input: contract({
    type: "object",
    properties: { word: { type: "string", default: "hello" }, breaks: { type: "boolean", default: false }, bug: { type: "boolean", default: false }, stray: { type: "boolean", default: false }, undeclared: { type: "boolean", default: false }, exits: { type: "boolean", default: false }, secret: secretSchema },
    required: [],
    additionalProperties: false,
  }),
  output: contract(outputOf({ word: { type: "string" }, asked: { type: "boolean" } })),
  run,
});

async function run(input, ctx) {
  if (input.bug) throw new Error("a bug of the probe");
  if (input.undeclared) await ctx.tcp.connect({});
  if (input.exits) process.exit(0);
  if (input.stray) {
    Promise.reject(new Error("a stray bug"));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  const failure = await ctx.attempt(() => ctx.operation("echo", async (operation) => {
    operation.reply(200, input.word);
    if (input.breaks) throw fail("command", "unsupported", "it broke");
  }));
  return { status: failure === null ? "ok" : "error", failure, word: input.word, asked: typeof same === "function" };
}
`;

beforeAll(() => {
  write("echo.mjs", PROBE);
  mkdirSync(join(cwd, "node_modules/probe-run-probe-echo"), { recursive: true });
  write("node_modules/probe-run-probe-echo/package.json", JSON.stringify({ name: "probe-run-probe-echo", type: "module", exports: { import: "./lib.js" } }));
  cpSync(join(cwd, "echo.mjs"), join(cwd, "node_modules/probe-run-probe-echo/lib.js"));
  mkdirSync(join(cwd, "configured/below"), { recursive: true });
  // The project's root, where the search for a configuration ends.
  write("configured/package.json", "{}");
  write("configured/probe-run.config.json", JSON.stringify({ probes: ["../echo.mjs"] }));
  mkdirSync(join(cwd, "misconfigured"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

describe("a third-party probe", () => {
  test.each([["./echo.mjs"], ["echo.mjs"], [join(cwd, "echo.mjs")], ["probe-run-probe-echo"], ["./echo.mjs@1"], ["probe-run-probe-echo@1.2.0"]])(
    "runs as %s",
    async (name) => {
      const { code, out, err } = await spawnProbeRun([name, "--set", "word=hi"], { cwd });
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(JSON.parse(out).output).toMatchObject({ status: "ok", word: "hi", asked: true, operations: [{ name: "echo", code: 200, message: "hi" }] });
    },
  );

  test.each(["configured", "configured/below"])("runs by its own name if the config lists it, from %s", async (folder) => {
    const { code, out } = await spawnProbeRun(["acme.echo", "--set", "word=hi"], { cwd: join(cwd, folder) });
    expect(code).toBe(0);
    expect(JSON.parse(out).output.word).toBe("hi");
    expect((await spawnProbeRun(["list"], { cwd: join(cwd, folder) })).out).toMatch(/^acme\.echo +1\.2\.0 +clock +Returns its input\.$/m);
  });

  test("is suggested by its own name for a misspelling", async () => {
    const { code, err } = await spawnProbeRun(["acme.ehco", "--set", "word=hi"], { cwd: join(cwd, "configured") });
    expect({ code, err }).toEqual({ code: 2, err: 'probe-run: there is no probe called "acme.ehco"\n  did you mean acme.echo?\n' });
  });

  test("that uses an undeclared capability is reported by its name", async () => {
    const { code, out, err } = await spawnProbeRun(["./echo.mjs", "--set", "undeclared=true"], { cwd });
    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toContain(`could not run: there is no ctx.tcp: list "tcp" in the probe's needs`);
    expect(err).toContain("echo.mjs:");
  });

  test("that ends the process does not look like success", async () => {
    const { code, out, err } = await spawnProbeRun(["./echo.mjs", "--set", "exits=true"], { cwd });
    expect({ code, out, err }).toEqual({ code: 3, out: "", err: "probe-run: could not run: the process ended before there was a result\n" });
  });

  test("gets defaults, is validated by its contracts, and its failures are data", async () => {
    expect(JSON.parse((await spawnProbeRun(["./echo.mjs", "-"], { cwd, stdin: "{}" })).out).output.word).toBe("hello");
    const wrong = await spawnProbeRun(["./echo.mjs", "--set", "wrod=hi"], { cwd });
    expect(wrong).toMatchObject({ code: 2, out: "", err: expect.stringContaining("/wrod  there is no such field; did you mean word?") });
    const broken = await spawnProbeRun(["./echo.mjs", "--set", "breaks=true"], { cwd });
    expect(broken.code).toBe(1);
    expect(JSON.parse(broken.out).output.failure).toMatchObject({ phase: "command", code: "unsupported", message: "it broke" });
  });

  test("a bug exits with 3; in an array, the other results are kept", async () => {
    const one = await spawnProbeRun(["./echo.mjs", "--set", "bug=true"], { cwd });
    expect(one).toMatchObject({ code: 3, out: "", err: expect.stringContaining("probe-run: could not run: a bug of the probe\n") });
    expect(one.err).toContain("echo.mjs:");
    const many = await spawnProbeRun(["./echo.mjs", "-"], { cwd, stdin: '[{}, {"bug": true}, {"word": "third"}]' });
    expect(many.code).toBe(3);
    expect(JSON.parse(many.out)).toEqual([
      { output: expect.anything(), queue: expect.anything() },
      null,
      expect.objectContaining({ output: expect.objectContaining({ word: "third" }) }),
    ]);
  });

  test("a bug outside the run exits with 3, too", async () => {
    const { code, out, err } = await spawnProbeRun(["./echo.mjs", "--set", "stray=true"], { cwd });
    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toContain("probe-run: could not run: a stray bug\n");
  });

  test("its secrets are masked like those of built-in probes", async () => {
    const { out } = await spawnProbeRun(["./echo.mjs", "--set", "word=xyzzy-1234", "--set", "secret=xyzzy-1234"], { cwd });
    expect(out).not.toContain("xyzzy");
  });
});

describe("an unusable probe exits with 2 and a plain message", () => {
  const defined = (fields: string) =>
    `import { contract, defineProbe } from "probe-run";\nexport default defineProbe({ name: "a.b", summary: "s", version: "1.0.0", needs: [], input: contract({}), output: contract({}), run() {}, ${fields} });`;
  test.each([
    ["throws.mjs", 'throw new Error("boom");', "it threw while it was loaded: boom; see file:"],
    ["throws-null.mjs", "throw null;", "it threw while it was loaded: null"],
    ["syntax.mjs", "export default {", "run `node --check syntax.mjs` to see where"],
    ["needs-more.mjs", 'import "no-such-package-anywhere";', "Cannot find package 'no-such-package-anywhere'"],
    ["nothing.mjs", "", "its default export is not a probe; write `export default defineProbe({…})`"],
    ["five.mjs", "export default 5;", "its default export is not a probe"],
    ["name.mjs", defined('name: "No Name"'), '/name  must be words of a-z and 0-9 joined by dots, not "No Name"'],
    ["version.mjs", defined('version: "1.0"'), "/versions/1.0  must be whole, such as 1.0.0"],
    ["needs.mjs", defined('needs: ["tcpp"]'), '/needs/0  there is no need "tcpp"; did you mean tcp?'],
    ["contract.mjs", defined("input: {}"), "/versions/1.0.0/input  must be made with contract({…})"],
    ["schema.mjs", defined('input: contract({ type: "objekt" })'), "/versions/1.0.0/input  is not a JSON Schema"],
    ["run.mjs", defined("run: 1"), "/run  must be a function"],
  ])("%s", async (name, content, words) => {
    write(name, content);
    const { code, out, err } = await spawnProbeRun([name, "--set", "a=1"], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(`probe-run: ${name} cannot be used as a probe\n`);
    expect(err).toContain(words);
  });

  test("a missing file or package", async () => {
    expect(await spawnProbeRun(["./nope.js", "--set", "a=1"], { cwd })).toMatchObject({ code: 2, err: expect.stringContaining("there is no such file") });
    expect(await spawnProbeRun(["probe-run-probe-nope", "--set", "a=1"], { cwd })).toMatchObject({
      code: 2,
      err: expect.stringContaining("run `npm install probe-run-probe-nope`"),
    });
  });

  test("TypeScript, unless this Node runs it", async () => {
    write("typed.ts", "export default 1 as number;");
    const { code, err } = await spawnProbeRun(["./typed.ts", "--set", "a=1"], { cwd });
    const runsIt = Boolean((process.features as { typescript?: unknown }).typescript);
    expect(code).toBe(2);
    expect(err).toContain(runsIt ? "its default export is not a probe" : "does not run TypeScript; use Node 22.18 or newer");
  });

  test.each([
    ["{", "it cannot be read as JSON"],
    ["null", "probes must be an array"],
    ['{"probes": ["network.smtp"]}', "probes must be an array of paths and of packages"],
  ])("the config %s", async (config, words) => {
    write("misconfigured/probe-run.config.json", config);
    const { code, err } = await spawnProbeRun(["acme.echo", "--set", "a=1"], { cwd: join(cwd, "misconfigured") });
    expect(code).toBe(2);
    expect(err).toContain(words);
  });
});
