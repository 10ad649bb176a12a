import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { parseArguments } from "../../runner/cli/arguments.js";
import type { Command } from "../../runner/cli/command.js";
import { COMMANDS, type CommandName } from "../../runner/cli/commands.js";
import { workSettings } from "../../runner/cli/worker/worker-settings.js";

/** Every list of words in a file that begins with one of our commands. */
function commandLines(node: unknown): string[][] {
  if (Array.isArray(node))
    return node.every((word) => typeof word === "string") && Object.hasOwn(COMMANDS, String(node[0])) ? [node] : node.flatMap(commandLines);
  return node !== null && typeof node === "object" ? Object.values(node).flatMap(commandLines) : [];
}

describe.each(["compose.yaml", "kubernetes.yaml"])("docs/fleet/%s", (name) => {
  const documents = parseAllDocuments(readFileSync(new URL(`../../docs/fleet/${name}`, import.meta.url), "utf8"), { merge: true });
  const lines = documents.flatMap((document) => commandLines(document.toJS()));

  test("is YAML, and starts workers and a consumer", () => {
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    expect(lines.map(([command]) => command).sort()).toEqual(["consume", "work"]);
  });

  test("every command line of probe-run is valid", async () => {
    for (const [command, ...argv] of lines) {
      const { options, words } = ((await COMMANDS[command as CommandName].load()) as { default: Command }).default;
      const given = parseArguments(argv, options);
      expect(given.words.length).toBeLessThanOrEqual(words.most);
      if (command === "work") expect(workSettings(given.options, {})).toMatchObject({ processes: 2, worker: { limits: { eachKey: { atOnce: 2 } } } });
    }
  });
});

/** The settings of a systemd unit, by section; a setting may be there several times. */
function readUnit(name: string): Record<string, Record<string, string[]>> {
  const sections: Record<string, Record<string, string[]>> = {};
  let section = "";
  for (const line of readFileSync(new URL(`../../docs/fleet/${name}`, import.meta.url), "utf8").split("\n")) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const heading = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, key, value] = /^([A-Z]\w+)=(.*)$/.exec(line) ?? [];
    if (heading !== undefined) section = heading;
    else if (section === "" || key === undefined || value === undefined) throw new Error(`${name}: ${JSON.stringify(line)} is no setting`);
    else sections[section] = { ...sections[section], [key]: [...(sections[section]?.[key] ?? []), value] };
  }
  return sections;
}

describe.each(["probe-run-worker.service", "probe-run-suite.service"])("docs/fleet/%s", (name) => {
  const { Unit, Service } = readUnit(name);

  test("calls a command that there is, by its path and not by npx", async () => {
    const [program, command, ...argv] = String(Service?.ExecStart?.[0]).split(" ");
    expect(program).toBe("/usr/local/bin/probe-run");
    const { options, words } = ((await COMMANDS[command as CommandName].load()) as { default: Command }).default;
    const given = parseArguments(argv, options);
    expect(given.words.length).toBeGreaterThanOrEqual(words.least);
  });

  test("is not root, keeps files to itself, and has a folder that it may write", () => {
    expect(Service).toMatchObject({ DynamicUser: ["yes"], UMask: ["0077"], NoNewPrivileges: ["yes"], ProtectSystem: ["strict"], StateDirectoryMode: ["0700"] });
    expect(Service?.WorkingDirectory).toEqual([`%S/${Service?.StateDirectory?.[0]}`]);
    expect(Unit?.After).toEqual(["network-online.target"]);
  });
});

test("docs/fleet/probe-run-suite.timer starts a unit that is there, and is enabled with the machine", () => {
  const { Timer, Install } = readUnit("probe-run-suite.timer");
  expect(Timer?.Unit ?? ["probe-run-suite.service"]).toEqual(["probe-run-suite.service"]);
  expect(Timer?.OnCalendar).toEqual(["*:0/5"]);
  expect(Install?.WantedBy).toEqual(["timers.target"]);
  // A suite that hangs would keep the timer from starting it again.
  expect(Number(readUnit("probe-run-suite.service").Service?.TimeoutStartSec?.[0])).toBeLessThan(300);
});
