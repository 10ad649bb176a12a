import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { builtIn } from "../../probes/index.js";
import { REPO } from "../house/files.js";
import { compile } from "./compile.js";

const FILES = Object.values(manifest.exports).flatMap((entry) => (typeof entry === "string" ? [] : [entry.types]));
const HOUSE = JSON.stringify(REPO).slice(1, -2);

let probes: { name: string; versions: string[] }[];
beforeAll(async () => {
  const loaded = await Promise.all(Object.values(builtIn).map(async ({ load }) => (await load()).default));
  probes = loaded.map(({ name, versions }) => ({ name, versions: Object.keys(versions) }));
});

describe.each(FILES)("%s", (file) => {
  const text = existsSync(join(REPO, file)) ? readFileSync(join(REPO, file), "utf8") : "";

  test("is one file that needs no types but those of Node, vitest and the package itself", () => {
    expect(text, "run `npm run build` first").not.toBe("");
    const modules = [...text.matchAll(/(?:from |import\()"([^"]+)"/g)].map(([, module]) => module);
    expect(modules.filter((module) => !/^(node:|vitest$|\.\/index\.js$)/.test(module as string))).toEqual([]);
  });

  test("leaves nothing to the compiler: no any, and no schema that is turned into a type when a name is looked at", () => {
    const lines = text.split("\n").filter((line) => !/^\s*(\/?\*|\/\/)/.test(line));
    expect(lines.filter((line) => /\bany\b/.test(line.replace(/\/\*.*?\*\/|"[^"]*"/g, "")))).toEqual([]);
    expect(lines.filter((line) => /(FromSchema|FilledOf|GivenOf)<typeof/.test(line))).toEqual([]);
  });
});

test("every probe has interfaces for its input and output", () => {
  const text = readFileSync(join(REPO, "dist/index.d.ts"), "utf8");
  const names = probes.flatMap(({ name, versions }) =>
    versions.flatMap((version, index) => {
      const words = name.split(".").map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`);
      return ["Input", "Output"].map((side) => `${words.join("")}${index === 0 ? "" : version.split(".")[0]}${side}`);
    }),
  );
  expect(names).toContain("NetworkSmtpInput");
  expect(names).toContain("NetworkSmtp1Output");
  expect(names.filter((name) => !new RegExp(`^export (interface|type) ${name}\\b`, "m").test(text))).toEqual([]);
});

/** Where an input names fields of which one must be there, the interface says so, and json-schema-to-ts does not. */
test("the interfaces are what the sources derive from the same schemas", { timeout: 300_000 }, async () => {
  const lines = probes.flatMap(({ name, versions }) =>
    versions.flatMap((version) => [
      `check<Published.InputOf<"${name}@${version}">, Source.InputOf<"${name}@${version}">>();`,
      `check<Published.OutputOf<"${name}@${version}">, Source.OutputOf<"${name}@${version}">>();`,
      `check<Source.OutputOf<"${name}@${version}">, Published.OutputOf<"${name}@${version}">>();`,
    ]),
  );
  const text = `
    import "${HOUSE}/runner/capabilities.js";
    import type * as Published from "${HOUSE}/dist/index.js";
    import type * as Source from "${HOUSE}/runner/harness/probe-types.js";
    declare function check<One extends Other, Other>(): void;
    ${lines.join("\n")}`;
  expect(lines.length).toBeGreaterThan(80);
  expect((await compile({ "same.ts": text })).faults).toEqual([]);
});

test("contract() types a schema as json-schema-to-ts does: every source compiles with either", { timeout: 300_000 }, async () => {
  const ours = { "json-schema-to-ts": [`${REPO}scripts/types/schema-type.ts`] };
  const entries = ["runner/index.ts", "runner/vitest/index.ts", "runner/delivery-library.ts", "runner/cli/main.ts", "test/runner/vitest/types.test.ts"];
  const text = [...entries, ...probes.map(({ name }) => `probes/${name}/probe.ts`)].map((path) => `import "${HOUSE}/${path.replace(/\.ts$/, ".js")}";`);
  expect((await compile({ "every-source.ts": text.join("\n") }, { paths: ours })).faults).toEqual([]);
});

describe("a consumer", () => {
  const CONSUMER = `
    import { createDelivery } from "${HOUSE}/dist/delivery.js";
    import { consume, run, contract, defineProbe, isResultOf, openQueue, outputOf, provide, type NetworkSmtpInput, type NetworkSmtpOutput, type OutputOf } from "${HOUSE}/dist/index.js";
    const input: NetworkSmtpInput = { target_host: "mx.example.org" };
    export const output: NetworkSmtpOutput = (await run("network.smtp@2", input)).output;
    export const old: OutputOf<"network.smtp@1">["target_port"] = "25";
    // @ts-expect-error: there is no such probe
    await run("network.smtpp@2", input);
    // @ts-expect-error: there is no such version
    await run("network.smtp@3", input);
    // @ts-expect-error: there is no such field
    await run("network.smtp@2", { target_host: "mx.example.org", target_prot: 25 });
    // @ts-expect-error: one of email and emails must be there
    await run("mail.rcpt", { helo_domain: "mx.example.org" });
    const name = process.argv[2] as string;
    const foreign = await run(name as string, { whatever: 1 });
    export const status: "ok" | "warning" | "error" = foreign.output.status;
    // @ts-expect-error: what is known of no probe is unknown
    foreign.output.anything;
    export const narrowed: string | null = (foreign.output as NetworkSmtpOutput).banner;
    await using queue = await openQueue("sqlite:queue.db");
    await using delivery = createDelivery({ queue });
    delivery.stats();
    await queue.enqueue("network.smtp@2", input);
    await queue.enqueue(name as string, { whatever: 1 });
    for await (const { event } of consume(queue)) {
      if (isResultOf(event, "network.smtp@2")) output.banner = event.data.banner;
      else if (isResultOf(event, name + "@1")) console.log(event.data.status);
      // @ts-expect-error: of which version?
      isResultOf(event, "network.smtp");
      // @ts-expect-error: there is no such version
      isResultOf(event, "network.smtp@3");
    }
    // @ts-expect-error: there is no such probe
    await queue.enqueue("network.smpt", input);
    // @ts-expect-error: there is no such field
    await queue.enqueue("network.smtp@2", { target_host: "mx.example.org", target_prot: 25 });
    declare module "${HOUSE}/dist/index.js" { interface Capabilities { metronome: { ticks(): number } } }
    provide("metronome", async () => () => ({ ticks: () => 1 }));
    export default defineProbe({
      name: "acme.echo", summary: "Echoes.", version: "1.0.0", needs: ["metronome", "tcp"],
      input: contract({ type: "object", properties: { word: { type: "string", default: "x" }, kind: { enum: ["a", "b"] } }, required: [], additionalProperties: false }),
      output: contract(outputOf({ ticks: { type: "number" } })),
      run: async (given, ctx) => {
        const word: string = given.word;
        const kind: "a" | "b" | undefined = given.kind;
        // @ts-expect-error: it is a string
        const wrong: number = given.word;
        // @ts-expect-error: it is not among the needs
        ctx.udp;
        return { status: "ok", failure: null, ticks: ctx.metronome.ticks() + word.length + String(kind ?? wrong).length };
      },
    });
    // @ts-expect-error: there is no such type
    contract({ type: "objekt" });`;

  const TESTS = `import type { TaskMeta } from "vitest"; export { expectProbe } from "${HOUSE}/dist/vitest.js"; export type Tries = TaskMeta["probe_run_tries"];`;

  // Without skipLibCheck, both of probe-run and of probe-run/vitest.
  test("probes are typed by name, third-party probes by their schemas, with few type instantiations", { timeout: 240_000 }, async () => {
    const { faults, instantiations } = await compile({ "consumer.ts": CONSUMER, "tests.ts": TESTS }, { skipLibCheck: false });
    expect(faults).toEqual([]);
    const { instantiations: without } = await compile({ "consumer.ts": "export {};", "tests.ts": TESTS }, { skipLibCheck: false });
    // Types that were derived from schemas when they were looked at took more than ten times as many.
    expect(instantiations - without).toBeLessThan(20_000);
  });
});
