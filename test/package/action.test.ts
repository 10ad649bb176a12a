import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { readAction } from "../house/action.js";
import { REPO, read } from "../house/files.js";
import { pack } from "./install.js";

// The scripts of action.yml, run as GitHub's runner does, with the tarball of this checkout as the package.
const top = mkdtempSync(join(tmpdir(), "probe-run-action-"));
const workspace = join(top, "workspace");
const steps = readAction(read("action.yml")).runs.steps;
let installed: Ended;

interface Ended {
  readonly code: number;
  readonly out: string;
}

beforeAll(async () => {
  mkdirSync(workspace);
  copyFileSync(join(REPO, "fixtures/package/suite.yaml"), join(workspace, "suite.yaml"));
  writeFileSync(join(workspace, "fine.yaml"), 'name: fine\nchecks:\n  - probe: mail.bounce\n    input: { message: "Subject: hello\\n\\nhello\\n" }\n');
  writeFileSync(join(top, "output"), "");
  installed = await script("Install probe-run", { PACKAGE: await pack(top), VITEST: manifest.devDependencies.vitest, npm_config_prefer_offline: "true" });
}, 300_000);
afterAll(() => rmSync(top, { recursive: true, force: true }));

test("it installs the package", () => {
  expect(installed).toMatchObject({ code: 0 });
});

test("suites that are fulfilled end with 0, and leave the report", { timeout: 60_000 }, async () => {
  expect(await script("Run the suites", { SUITES: "fine.yaml\n", ARGUMENTS: "" })).toMatchObject({ code: 0 });
  const [, folder] = /^report=(.+)$/m.exec(readFileSync(join(top, "output"), "utf8")) as RegExpExecArray;
  expect(readFileSync(join(folder as string, "report.xml"), "utf8")).toContain("mail.bounce");
  expect(JSON.parse(readFileSync(join(folder as string, "report.json"), "utf8"))).toMatchObject({ numPassedTests: 1 });
});

test("a check that fails ends with 1, and is annotated at its line of the suite", { timeout: 60_000 }, async () => {
  const { code, out } = await script("Run the suites", { SUITES: "suite.yaml\nfine.yaml", ARGUMENTS: "--target\nmx1\n" });
  expect(code).toBe(1);
  expect(out).toMatch(/::error file=\S*suite\.yaml,.*line=17,/);
  expect(existsSync(join(top, "probe-run/report/report.xml"))).toBe(true);
});

async function script(name: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const { run } = steps.find((step) => step.name === name) as { run: string };
  const runner = { RUNNER_TEMP: top, GITHUB_OUTPUT: join(top, "output"), GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: workspace };
  const own = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(npm_|VITEST|NODE_ENV|NODE_OPTIONS)/i.test(key)));
  // As GitHub calls bash.
  const args = ["--noprofile", "--norc", "-eo", "pipefail", "-c", run];
  const ended = await promisify(execFile)("bash", args, { cwd: workspace, env: { ...own, ...runner, ...env } }).catch((error) => error);
  return { code: ended.code ?? 0, out: `${ended.stdout}${ended.stderr}` };
}
