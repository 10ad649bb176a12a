import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parseArguments } from "../../../runner/cli/arguments.js";
import type { Command } from "../../../runner/cli/command.js";
import { COMMANDS } from "../../../runner/cli/commands.js";
import { builtInNames, loadProbe } from "../../../runner/harness/registry.js";
import { cellsOf } from "../../../runner/support/text-width.js";
import { probeRun } from "./command-line.js";

const commands = await Promise.all(
  Object.entries(COMMANDS).map(async ([name, { load }]): Promise<[string, Command]> => [name, ((await load()) as { default: Command }).default]),
);
const versions = (await Promise.all(builtInNames().map(loadProbe))).flatMap(({ probe, versions }) =>
  versions.map((version) => ({ probe, version, name: `${probe.name}@${version}` })),
);

describe("--help", () => {
  test("names every command", async () => {
    const { code, out, err } = await probeRun(["--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const [name] of commands) expect(out).toMatch(new RegExp(`^ {2}${name} `, "m"));
  });

  test.each(commands)("of %s: its usage, every option, and an example", async (name, command) => {
    const { code, out, err } = await probeRun([name, "--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(command.usage);
    for (const option of Object.keys(command.options)) expect(out).toContain(`--${option}`);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const [line] of command.examples) expect(out).toContain(`  probe-run ${line}`);
    expect((await probeRun(["help", name])).out).toBe(out);
  });

  test.each(commands.flatMap(([name, command]) => command.examples.map(([line]): [string, string, Command] => [line, name, command])))(
    "the example `probe-run %s` is a valid command line",
    (line, name, command) => {
      // Splits it as a shell would.
      const written = (line.split(" > ")[0] as string).match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
      const argv = written[0] === name ? written.slice(1) : written;
      const { words } = parseArguments(argv, command.options);
      expect(words.length).toBeGreaterThanOrEqual(command.words.least);
      expect(words.length).toBeLessThanOrEqual(command.words.most);
    },
  );

  test("no line of a help is wider than 100 columns, except an example's command", async () => {
    for (const argv of [[], ...commands.map(([name]) => [name])]) {
      const { out } = await probeRun([...argv, "--help"]);
      expect(out.split("\n").filter((line) => line.length > 100 && !line.startsWith("  probe-run "))).toEqual([]);
    }
  });
});

test("--version prints the package's version", async () => {
  const manifest = (await import("../../../package.json", { with: { type: "json" } })).default;
  expect(await probeRun(["--version"])).toEqual({ code: 0, out: `${manifest.version}\n`, err: "" });
});

describe("list", () => {
  test("as a table and as JSON", async () => {
    const { code, out } = await probeRun(["list"]);
    expect(code).toBe(0);
    for (const name of builtInNames()) expect(out).toMatch(new RegExp(`^${name} `, "m"));
    expect(JSON.parse((await probeRun(["list", "--json"])).out)).toContainEqual({
      name: "network.smtp",
      versions: ["2.0.0", "1.0.0"],
      needs: expect.arrayContaining(["tcp"]),
      summary: expect.any(String),
    });
  });

  test("fits a terminal", async () => {
    const { out } = await probeRun(["list"], { tty: true, columns: 80 });
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
});

describe.each(versions)("$name", ({ probe, version, name }) => {
  test("schema prints the JSON Schema of each side", async () => {
    for (const side of ["input", "output"] as const) {
      const { code, out } = await probeRun(["schema", name, side]);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject(JSON.parse(JSON.stringify(probe.versions[version]?.[side].schema)));
    }
  });

  test("describe lists every field, and its example is a valid input", async () => {
    const { code, out } = await probeRun(["describe", name, "--json"]);
    expect(code).toBe(0);
    const described = JSON.parse(out);
    for (const side of ["input", "output"] as const) {
      const schema = probe.versions[version]?.[side].schema as unknown as { properties: object };
      const top = described[side].map((field: { name: string }) => field.name).filter((field: string) => !field.includes("."));
      expect(top).toEqual(Object.keys(schema.properties));
    }
    expect(probe.versions[version]?.input.validator(structuredClone(described.example))).toBe(true);
    expect((await probeRun(["describe", name])).out).toContain(JSON.stringify(described.example));
  });
});

test("describe fits a terminal", async () => {
  for (const columns of [80, 120, 160]) {
    const { out } = await probeRun(["describe", "network.smtp"], { tty: true, columns });
    const fields = out.slice(0, out.indexOf("Example"));
    expect(fields.split("\n").filter((line) => cellsOf(line) > columns && !line.startsWith("Greets"))).toEqual([]);
    expect(fields).toContain("required");
  }
});

describe("completion", () => {
  test.each(["bash", "zsh", "fish"])("%s: every command, option and probe", async (shell) => {
    const { code, out } = await probeRun(["completion", shell]);
    expect(code).toBe(0);
    for (const [name, command] of commands) {
      expect(out).toContain(name);
      for (const option of Object.keys(command.options)) expect(out).toContain(shell === "fish" ? `-l ${option} ` : `--${option}`);
    }
    for (const probe of builtInNames()) expect(out).toContain(probe);
  });

  test.each([
    [["probe-run", "des"], ["describe"]],
    [["probe-run", "network.sm"], ["network.smtp"]],
    [["probe-run", "describe", "net"], builtInNames().filter((name) => name.startsWith("net"))],
    [["probe-run", "network.smtp", "--tim"], ["--timeout"]],
    [
      ["probe-run", "lab", "--"],
      ["--port-base", "--transcript", "--help"],
    ],
  ])("bash completes %j", async (words, expected) => {
    const { out } = await probeRun(["completion", "bash"]);
    const script = `${out}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _probe_run; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", script], { encoding: "utf8", cwd: "/" });
    expect(stderr).toBe("");
    expect(stdout.trimEnd().split("\n")).toEqual(expected);
  });
});
