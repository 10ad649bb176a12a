import { describe, expect, test } from "vitest";
import { parseArguments } from "../../../runner/cli/arguments.js";
import type { Command, Subcommand } from "../../../runner/cli/command.js";
import { COMMANDS } from "../../../runner/cli/commands.js";
import { builtInNames, loadProbe } from "../../../runner/harness/registry.js";
import { cellsOf } from "../../../runner/support/text-width.js";
import { probeRun } from "./command-line.js";

const commands = await Promise.all(
  Object.entries(COMMANDS).map(async ([name, { load }]): Promise<[string, Command]> => [name, ((await load()) as { default: Command }).default]),
);
const nested = commands.flatMap(([name, command]) =>
  Object.entries(command.subcommands ?? {}).map(([own, subcommand]): [string, string, Command, Subcommand] => [name, own, command, subcommand]),
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

  test.each(nested)("of %s %s: only what concerns it, and an example", async (name, own, command, subcommand) => {
    const { code, out, err } = await probeRun([name, own, "--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`probe-run ${name} ${own} ${subcommand.usage}`.trim());
    const options = [...out.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map(([, option]) => option);
    expect(options.sort()).toEqual([...subcommand.options, "help"].sort());
    const examples = command.examples.map(([line]) => line).filter((line) => line.split(" ")[1] === own);
    expect(examples.length).toBeGreaterThan(0);
    expect([...out.matchAll(/^ {2}probe-run (.*)$/gm)].slice(1).map(([, line]) => line)).toEqual(examples);
    expect((await probeRun(["help", name, own])).out).toBe(out);
    expect((await probeRun([name, "--help", own])).out).toBe(out);
    expect((await probeRun([name, "--help"])).out).toContain(`  ${own} `);
  });

  test("each option of a command with subcommands belongs to one of them", () => {
    for (const [, { options, subcommands }] of commands) {
      const taken = Object.values(subcommands ?? {}).flatMap((subcommand) => subcommand.options);
      if (subcommands !== undefined) expect(Object.keys(options).filter((option) => !taken.includes(option))).toEqual([]);
    }
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
