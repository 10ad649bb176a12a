import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtIn } from "../../probes/index.js";
import type { Validator } from "../../schemas/contract.js";
import { REPO } from "./files.js";

const dist = join(REPO, "dist");
const names = Object.keys(builtIn);

// `npm test` builds it first.
test("dist/ is built", () => {
  expect(existsSync(join(dist, "cli.cjs")), "run `npm run build` first").toBe(true);
});

describe.each(names)("dist's validators of %s", (name) => {
  test("are there for every version, and judge as the contracts do", async () => {
    const precompiled = await validatorsOf(name);
    const { versions } = (await (builtIn[name] as (typeof builtIn)[string]).load()).default;
    expect(Object.keys(precompiled).sort()).toEqual(Object.keys(versions).sort());
    for (const [version, contracts] of Object.entries(versions)) {
      for (const value of [null, [], "x", 1, {}, { nonsense: true }]) {
        expect(judged(precompiled[version]?.input, value)).toEqual(judged(contracts.input.validator, value));
        expect(precompiled[version]?.output(value)).toBe(contracts.output.validator(value));
      }
    }
  });
});

describe("from dist, without a node_modules", () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "probe-run-dist-"));
  beforeAll(() => {
    cpSync(dist, join(elsewhere, "dist"), { recursive: true });
    cpSync(join(REPO, "package.json"), join(elsewhere, "package.json"));
  });
  afterAll(() => rmSync(elsewhere, { recursive: true }));

  test.each(names)("%s judges an input: no run of ours loads Ajv", async (name) => {
    const code = `
      import { run } from "./dist/index.js";
      await run(${JSON.stringify(name)}, { nonsense: true }).catch((error) => console.log(error.code));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], { cwd: elsewhere });
    expect(stdout).toBe("invalid_input\n");
  });
});

async function validatorsOf(name: string): Promise<Readonly<Record<string, { input: Validator; output: Validator }>>> {
  const module = (await import(pathToFileURL(join(dist, "validators", `${name}.cjs`)).href)) as {
    default: Record<string, { input: Validator; output: Validator }>;
  };
  return module.default;
}

/** The verdict, and what a caller would be told. */
function judged(validator: Validator | undefined, value: unknown): unknown {
  const copy = structuredClone(value);
  return { valid: validator?.(copy), errors: validator?.errors ?? null, copy };
}
