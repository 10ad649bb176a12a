import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { SuiteError } from "../../../runner/suite/problem.js";
import { type ReadSuite, readSuite } from "../../../runner/suite/read.js";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const OWN = "name: mail\ninclude: [shared/more.yaml]\ntargets: { mx1: { target_host: localhost } }\nchecks: [{ probe: network.smtp@2 }]\n";

/** Reads suite.yaml of these files. */
async function read(files: Record<string, string>, environment: Record<string, string> = {}): Promise<ReadSuite & { folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-include-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return { ...(await readSuite(join(folder, "suite.yaml"), files["suite.yaml"] as string, environment)), folder };
}

/** What is wrong, one line each, with paths from the suite's folder. */
async function problems(files: Record<string, string>, environment?: Record<string, string>): Promise<string[]> {
  const error = await read(files, environment).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SuiteError)) throw error ?? new Error("nothing is wrong");
  const folder = `${folders.at(-1)}/`;
  return error.problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`.replaceAll(folder, ""));
}

describe("an included file", () => {
  test("adds its targets and checks after those of the suite, whose defaults hold for all", async () => {
    const { checks, folder } = await read({
      "suite.yaml": `${OWN}defaults: { tags: [mail], timeout_ms: 900 }\n`,
      "shared/more.yaml": "targets: { mx2: { target_host: localhost } }\nchecks: [{ probe: network.smtp@2, name: more, targets: [mx1] }]\n",
    });
    expect(checks.map(({ title }) => title)).toEqual(["mx1 network.smtp@2", "mx1 network.smtp@2 more", "mx2 network.smtp@2"]);
    expect(checks.map(({ timeoutMs, tags }) => [timeoutMs, ...tags])).toEqual([
      [900, "mail"],
      [900, "mail"],
      [900, "mail"],
    ]);
    expect(checks.map(({ file }) => file)).toEqual([join(folder, "suite.yaml"), join(folder, "shared/more.yaml"), join(folder, "suite.yaml")]);
  });

  test("may include others, by paths from its own folder", async () => {
    const { checks } = await read({
      "suite.yaml": "name: mail\ninclude: [shared/more.yaml]\n",
      "shared/more.yaml": "include: [../other.yaml]\n",
      "other.yaml": "checks: [{ probe: network.smtp@2, input: { target_host: localhost } }]\n",
    });
    expect(checks).toHaveLength(1);
  });

  test("takes values of the environment, and numbers where the probe wants them", async () => {
    const more = `targets: { mx2: { target_host: localhost, target_port: "\${PORT}" } }\n`;
    const { checks } = await read({ "suite.yaml": OWN, "shared/more.yaml": more }, { PORT: "2525" });
    expect(checks.map(({ input }) => input)).toEqual([{ target_host: "localhost" }, { target_host: "localhost", target_port: 2525 }]);
    expect(await problems({ "suite.yaml": OWN, "shared/more.yaml": more })).toEqual(["shared/more.yaml:1:56: the environment variable PORT is not set"]);
  });

  test("is named with its own lines where something is wrong", async () => {
    expect(
      await problems({
        "suite.yaml": OWN.replace("network.smtp@2", "network.smpt"),
        "shared/more.yaml":
          "targets:\n  mx2: { target_port: 70000 }\nchecks:\n  - probe: network.imap\n    expect: { output: { no_such: 1 } }\n    targets: [mx1, mx3]\n",
      }),
    ).toEqual([
      expect.stringContaining('suite.yaml:4:19: there is no probe called "network.smpt"'),
      expect.stringContaining("shared/more.yaml:5:25: the output has no field no_such"),
      expect.stringContaining('shared/more.yaml:6:20: there is no target "mx3"'),
    ]);
    expect(await problems({ "suite.yaml": OWN, "shared/more.yaml": "targets: { mx2: { target_host: localhost, target_port: 70000 } }\n" })).toEqual([
      expect.stringMatching(/^shared\/more\.yaml:1:56: target_port: must be a whole number from 1 to 65535/),
    ]);
    // Of all files at once.
    const two = { "suite.yaml": OWN.replace("[shared/more.yaml]", "[a.yaml, b.yaml, c.yaml]"), "a.yaml": "name: other\n", "b.yaml": "checks: 1\n" };
    expect(await problems(two)).toEqual([
      'suite.yaml:2:27: there is no file "c.yaml"',
      "a.yaml:1:1: name: there is no such field",
      expect.stringContaining("b.yaml:1:9: checks: must be an array"),
    ]);
  });

  test.each([
    [{ "suite.yaml": OWN }, 'suite.yaml:2:11: there is no file "shared/more.yaml"'],
    [{ "suite.yaml": OWN.replace("shared/more.yaml", "/dev/zero") }, "suite.yaml:2:11: /dev/zero cannot be read: it is not a regular file"],
    [{ "suite.yaml": OWN, "shared/more.yaml": "include: [../suite.yaml]\n" }, "shared/more.yaml:1:11: ../suite.yaml is included already"],
    [{ "suite.yaml": OWN.replace("[shared/more.yaml]", "[a.yaml, ./a.yaml]"), "a.yaml": "{}" }, "suite.yaml:2:19: ./a.yaml is included already"],
    [
      { "suite.yaml": OWN, "shared/more.yaml": "targets: { mx1: { target_host: localhost } }\n" },
      'shared/more.yaml:1:12: suite.yaml:3 defines the target "mx1", too',
    ],
    [
      { "suite.yaml": OWN, "shared/more.yaml": "checks:\n  - probe: network.smtp@2\n" },
      'shared/more.yaml:2:12: the check "mx1 network.smtp@2" of suite.yaml:4 has the same name',
    ],
    [{ "suite.yaml": "name: mail\ninclude: [a.yaml]\n", "a.yaml": "{}" }, "suite.yaml:1:1: the suite has no checks"],
    [{ "suite.yaml": OWN, "shared/more.yaml": "checks: [\n" }, "shared/more.yaml:2:1: not well-formed YAML"],
    [{ "suite.yaml": OWN, "shared/more.yaml": "targets: { a: " }, "shared/more.yaml:1:15: not well-formed YAML"],
  ])("%j is wrong", async (files, problem) => {
    expect((await problems(files as unknown as Record<string, string>))[0]).toContain(problem);
  });

  test("one of too many is refused, and no endless chain is followed", async () => {
    const chain = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}.yaml`, `include: [f${index + 1}.yaml]\n`]));
    expect(await problems({ "suite.yaml": "name: mail\ninclude: [f0.yaml]\n", ...chain })).toEqual(["f30.yaml:1:11: a suite may have 32 files"]);
  });
});
