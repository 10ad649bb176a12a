import { describe, expect, test } from "vitest";
import { sourcesIn } from "./files.js";
import { type Import, importsIn, importsOf } from "./imports.js";

const all = ["schemas", "runner", "probes"].flatMap(sourcesIn).flatMap(importsOf);
const isOurs = (path: string) => /^(schemas|runner|probes|test|scripts|bench|fixtures|docs)\//.test(path) || path.startsWith("../");
const told = (imports: readonly Import[]) => imports.map(({ from, module }) => `${from} imports ${module}`);

describe("imports run one way: schemas, runner, probes", () => {
  test("schemas import nothing of ours", () => {
    expect(told(all.filter(({ from, module }) => inside("schemas", from) && isOurs(module) && !inside("schemas", module)))).toEqual([]);
  });

  test("the runner imports schemas; only its registry imports the index of probes", () => {
    const allowed = ({ from, module }: Import) =>
      inside("runner", module) || inside("schemas", module) || (from === "runner/registry.ts" && module === "probes/index.ts");
    expect(told(all.filter((each) => inside("runner", each.from) && isOurs(each.module) && !allowed(each)))).toEqual([]);
  });

  // A round trip is what these two do, in one run. Every other probe stands by itself, so that it can be changed by itself.
  const MADE_OF: Readonly<Record<string, readonly string[]>> = { "probes/mail.roundtrip": ["probes/mail.send", "probes/mail.receive"] };

  test("a probe imports schemas, the runner and its own folder; a round trip also what it is made of", () => {
    const allowed = ({ from, module }: Import) =>
      ["schemas", "runner", folderOf(from), ...(MADE_OF[folderOf(from)] ?? [])].some((folder) => inside(folder, module));
    const probes = all.filter(({ from }) => inside("probes", from) && from !== "probes/index.ts");
    expect(told(probes.filter((each) => isOurs(each.module) && !allowed(each)))).toEqual([]);
  });
});

describe("only runner/net opens sockets", () => {
  const network = /^(node:)?(net|tls|dns|dgram|http|https|http2|quic)(\/|$)/;
  const outside = all.filter(({ from, module }) => network.test(module) && !inside("runner/net", from));

  test("node:net, tls, dns and dgram stay inside it, but for isIP in schemas/host.ts", () => {
    const allowed = ({ from, module, names }: Import) => from === "schemas/host.ts" && module === "node:net" && names?.join() === "isIP";
    expect(told(outside.filter((each) => !allowed(each)))).toEqual([]);
  });
});

describe("the reader of imports", () => {
  test("sees every way to name a module", () => {
    const code = [
      'import a from "./a.js";',
      'import { isIP as b } from "node:net";',
      'export * from "../c.js";',
      'const d = await import("./d.js");',
      'type E = typeof import("./e.js");',
      'const f = require("node:dns");',
    ].join("\n");
    expect(importsIn("runner/net/x.ts", code).map(({ module, names }) => [module, names])).toEqual([
      ["runner/net/a.ts", null],
      ["node:net", ["isIP"]],
      ["runner/c.ts", null],
      ["runner/net/d.ts", null],
      ["runner/net/e.ts", null],
      ["node:dns", null],
    ]);
  });
});

function inside(folder: string, path: string): boolean {
  return path.startsWith(`${folder}/`);
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf("/", "probes/".length));
}
