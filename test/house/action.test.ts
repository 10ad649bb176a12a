import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parseArguments } from "../../runner/cli/arguments.js";
import { testOptions } from "../../runner/cli/test-options.js";
import { programPath } from "../support/programs.js";
import { realServer } from "../support/real-servers.js";
import { actionFaults, readAction } from "./action.js";
import { read } from "./files.js";

const TEXT = read("action.yml");
const scripts = readAction(TEXT).runs.steps.flatMap(({ name, run }) => (run === undefined ? [] : [{ name, run }]));

describe("action.yml", () => {
  test("keeps to the rules of an action that others use", () => {
    expect(actionFaults(TEXT)).toEqual([]);
  });

  test.each([
    ["shell: bash", "shell: sh", "Install probe-run: it says that its shell is bash"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of the action
    ['"$PACKAGE"', "${{ inputs.package }}", "Install probe-run: no expression stands in a script"],
    ["upload-artifact@v4", "upload-artifact@main", "Upload the report: actions/upload-artifact@main has a version"],
    ["inputs.vitest }}", "inputs.vitst }}", "Install probe-run: there is no input vitst"],
    ["id: suites", "id: suite", "output report: a step gives it"],
    ['    default: "4"\n', "", "input vitest: it is required, or has a default that is a text"],
  ])("%s replaced by %s is found", (found, instead, fault) => {
    expect(TEXT).toContain(found);
    expect(actionFaults(TEXT.replace(found, instead))).toContain(fault);
  });

  test.each(scripts)("the script of $name is bash", ({ run }) => {
    expect(spawnSync("bash", ["-n", "-c", run])).toMatchObject({ status: 0 });
  });

  test("calls `probe-run test` with options that it has", () => {
    const line = scripts.map(({ run }) => /probe-run" test "\$\{words\[@\]\}"([\s\S]*)$/.exec(run)?.[1]).find((words) => words !== undefined);
    const words = (line as string).replaceAll("\\\n", " ").trim().split(/\s+/);
    const { options } = parseArguments(["suite.yaml", ...words], testOptions) as { options: Record<string, unknown> };
    expect(options).toMatchObject({ reporter: ["default", "github-actions", "junit", "json"], "outputFile.junit": '"$report/report.xml"' });
  });
});

realServer("the scripts of action.yml and .ci/run", ["shellcheck"], () => {
  test.each([...scripts, { name: ".ci/run", run: read(".ci/run") }])("pass shellcheck: $name", ({ run }) => {
    const { stdout, status } = spawnSync(programPath("shellcheck") as string, ["--shell=bash", "--severity=info", "-"], { input: run, encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});
