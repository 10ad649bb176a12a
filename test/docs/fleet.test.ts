import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { parseArguments } from "../../runner/cli/arguments.js";
import type { Command } from "../../runner/cli/command.js";
import { COMMANDS, type CommandName } from "../../runner/cli/commands.js";
import { workSettings } from "../../runner/cli/work/worker-settings.js";

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

  test("every command line of ours is one", async () => {
    for (const [command, ...argv] of lines) {
      const { options, words } = ((await COMMANDS[command as CommandName].load()) as { default: Command }).default;
      const given = parseArguments(argv, options);
      expect(given.words.length).toBeLessThanOrEqual(words.most);
      if (command === "work") expect(workSettings(given.options, {})).toMatchObject({ processes: 2, worker: { limits: { eachKey: { atOnce: 2 } } } });
    }
  });
});
