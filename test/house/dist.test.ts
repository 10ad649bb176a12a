import { execFile, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { isDeepStrictEqual, promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtIn } from "../../probes/index.js";
import type { Probe } from "../../runner/harness/define-probe.js";
import { type Contract, contract } from "../../schemas/contract.js";
import { REPO } from "./files.js";

const dist = join(REPO, "dist");
const names = Object.keys(builtIn);
const built = createRequire(import.meta.url);

// `npm test` builds it first.
test("dist/ is built", () => {
  expect(existsSync(join(dist, "cli.cjs")), "run `npm run build` first").toBe(true);
});

describe.each(names)("dist's validators of %s", (name) => {
  const { versions } = built(join(dist, "probes", `${name}.cjs`)) as Probe;
  const sides = Object.entries(versions).flatMap(([version, contracts]) =>
    (["input", "output"] as const).map((side) => ({ version, side, ours: contracts[side] })),
  );

  test("serve every version", async () => {
    const source = await (builtIn[name] as (typeof builtIn)[string]).load();
    expect(Object.keys(versions)).toEqual(Object.keys(source.default.versions));
  });

  // What judges and what tells the faults are compiled apart: a value is refused exactly when there is a fault to tell.
  test.each(sides)("$version $side: judge, fill in and tell as Ajv does from the schema", ({ ours, side }) => {
    const theirs = afresh(ours);
    const known = [...samples(name, side), exampleOf(ours)];
    for (const value of known) expectSame(judged(ours, value), judged(theirs, value));
    fc.assert(
      fc.property(mutations(known), (value) => {
        const verdict = judged(ours, value);
        expect(verdict.fits).toBe(verdict.faults.length === 0);
        expectSame(verdict, judged(theirs, value));
      }),
      { numRuns: 300 },
    );
  });
});

describe("from dist, without a node_modules", () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "probe-run-dist-"));
  beforeAll(() => {
    cpSync(dist, join(elsewhere, "dist"), { recursive: true });
    cpSync(join(REPO, "package.json"), join(elsewhere, "package.json"));
  });
  afterAll(() => rmSync(elsewhere, { recursive: true }));

  // One process for all of them: there is no Ajv that one could load for the others.
  test("an input of every probe is judged: no run of ours loads Ajv", async () => {
    const code = `
      import { RequestError, run } from "./dist/index.js";
      for (const name of ${JSON.stringify(names)})
        await run(name, { nonsense: true }).catch((error) => console.log(name, error.code, error instanceof RequestError));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], { cwd: elsewhere });
    expect(stdout.trimEnd().split("\n")).toEqual(names.map((name) => `${name} invalid_input true`));
  });

  test.each([
    ["network.smtp@9", "--set", "target_host=127.0.0.1"],
    ["describe", "network.smtq"],
    ["completion", "fisch"],
  ])("%s %s: an error from any file of the command ends it with 2", async (...words) => {
    const ended = await promisify(execFile)(process.execPath, [join(elsewhere, "dist/cli.cjs"), ...words]).catch((error) => error);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 2, stdout: "" });
  });
});

// Reading files is most of a start: a command that begins to read more of them gets slower for every user.
describe("what a start reads", () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-starts-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const hook = join(folder, "hook.cjs");
  const inputs = join(folder, "inputs.jsonl");
  beforeAll(() => {
    writeFileSync(inputs, '{"target_host":"127.0.0.1"}\n');
    writeFileSync(hook, 'process.once("exit", () => require("node:fs").writeSync(3, Object.keys(require.cache).join("\\n")));');
  });

  test.each([
    [["--version"], []],
    [["--help"], []],
    [["list"], []],
    [["describe", "network.smtp"], ["labs.cjs"]],
    [
      ["enqueue", "network.smtp", "INPUTS", "QUEUE"],
      ["enqueue.cjs", "probes/network.smtp.cjs"],
    ],
    [["work", "--drain", "QUEUE"], ["queue.cjs"]],
    [
      ["network.smtp", "127.0.0.1:1"],
      ["run.cjs", "probes/network.smtp.cjs"],
    ],
  ])("%j reads cli.cjs and %j, and no Ajv", async (words, files) => {
    const argv = words.map((word) => word.replace("INPUTS", inputs).replace("QUEUE", `--queue=sqlite:${join(folder, `${words[0]}.db`)}`));
    const read = await filesReadBy(argv, hook);
    const ours = read.filter((file) => file.startsWith(`${dist}/`)).map((file) => file.slice(dist.length + 1));
    expect(ours.sort()).toEqual(["cli.cjs", ...files].sort());
    expect(read.filter((file) => file.includes("/ajv/"))).toEqual([]);
  });
});

async function filesReadBy(argv: readonly string[], hook: string): Promise<string[]> {
  const child = spawn(process.execPath, ["-r", hook, join(dist, "cli.cjs"), ...argv], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  return (await text(child.stdio[3] as Readable)).split("\n");
}

/** The same contract as the sources have it. Inferring a type from it would take the compiler to its limit. */
function afresh({ schema }: Contract): Contract {
  return (contract as (schema: unknown) => Contract)(schema);
}

/** Real inputs and outputs: what the fixtures hold. */
function samples(name: string, side: "input" | "output"): unknown[] {
  const folder = join(REPO, "fixtures", name);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"));
  return files.slice(0, 60).flatMap((file) => {
    const value = JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, unknown>;
    return [value, value?.[side]].filter((each) => each !== undefined);
  });
}

/** Every field that the schema names, with a value that may or may not fit. */
function exampleOf({ schema }: Contract): unknown {
  return filled(schema as Schema);
}

interface Schema {
  type?: string | readonly string[];
  properties?: Readonly<Record<string, Schema>>;
  items?: Schema;
  enum?: readonly unknown[];
  format?: string;
  minimum?: number;
}

function filled({ type, properties, items, enum: values, format, minimum }: Schema): unknown {
  if (properties !== undefined) return Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, filled(schema)]));
  if (items !== undefined) return [filled(items)];
  if (values !== undefined) return values[0];
  if (format === "host") return "mx.example.org";
  const first = Array.isArray(type) ? type[0] : type;
  return ({ integer: minimum ?? 1, number: minimum ?? 0.5, boolean: true, null: null } as Record<string, unknown>)[first ?? ""] ?? "text";
}

/** A known value with one to three of its fields replaced, taken away or added, at any depth. */
function mutations(known: readonly unknown[]): fc.Arbitrary<unknown> {
  const strange = fc.oneof(
    fc.constantFrom<unknown>(undefined, null, "", "a\r\nb", " ", "mx.example.org", "x".repeat(5000), 0, -1, 1.5, 65_536, 1e300, true, [], {}, [null], ["a"], {
      secret: "env:A",
    }),
    fc.jsonValue(),
  );
  const change = fc.record({ at: fc.nat(), key: fc.constantFrom(null, null, null, "nonsense", "constructor"), value: strange });
  return fc.record({ value: fc.constantFrom(...known, {}), changes: fc.array(change, { minLength: 1, maxLength: 3 }) }).map(({ value, changes }) => {
    const holder = { root: structuredClone(value) };
    for (const { at, key, value: put } of changes) {
      const places = placesIn(holder);
      const [object, found] = (places[at % places.length] ?? [holder, "root"]) as [Record<string, unknown>, string];
      const inside = object[found];
      if (key !== null && inside !== null && typeof inside === "object") (inside as Record<string, unknown>)[key] = structuredClone(put);
      else if (put === undefined) delete object[found];
      else object[found] = structuredClone(put);
    }
    return holder.root;
  });
}

function placesIn(value: unknown): [object: object, key: string][] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => [[value, key] as [object, string], ...placesIn(inner)]);
}

/** Node compares large values faster: vitest only shows what differs. */
function expectSame(one: unknown, other: unknown): void {
  if (!isDeepStrictEqual(one, other)) expect(one).toEqual(other);
}

/** The verdict, the faults, and the value with its defaults. */
function judged({ validator, faults }: Contract, value: unknown) {
  const [fitting, judged] = [structuredClone(value), structuredClone(value)];
  const fits = validator(fitting);
  // The defaults in a refused value are not used.
  return { fits, faults: faults(judged), filled: fits ? fitting : null, judged };
}
