import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Command } from "../../../runner/cli/command.js";
import { COMMANDS } from "../../../runner/cli/commands.js";
import { builtInNames } from "../../../runner/harness/registry.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { probeRun } from "./command-line.js";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

const folder = mkdtempSync(join(tmpdir(), "probe-run-completion-"));
const scriptOf = (shell: Shell): string => join(folder, `completion.${shell}`);
beforeAll(async () => {
  for (const shell of SHELLS) writeFileSync(scriptOf(shell), (await probeRun(["completion", shell])).out);
  writeFileSync(join(folder, "results.jsonl"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(SHELLS)("%s: every command, subcommand, option and probe", async (shell) => {
  const { code, out } = await probeRun(["completion", shell]);
  expect(code).toBe(0);
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    const command = ((await load()) as { default: Command }).default;
    expect(out).toContain(name);
    for (const option of Object.keys(command.options)) expect(out).toContain(shell === "fish" ? `-l ${option} ` : `--${option}`);
    for (const subcommand of Object.keys(command.subcommands ?? {})) expect(out).toMatch(new RegExp(`\\b${subcommand}\\b`));
  }
  for (const probe of builtInNames()) expect(out).toContain(probe);
});

/** What is on the line, and everything that may stand in place of its last word. */
const CASES: readonly [line: string, expected: readonly string[]][] = [
  ["des", ["describe"]],
  ["network.sm", ["network.smtp"]],
  ["describe network.sn", ["network.snmp"]],
  ["enqueue network.sm", ["network.smtp"]],
  ["schema network.smtp ", ["input", "output"]],
  ["completion ", ["bash", "fish", "zsh"]],
  ["queue ", ["dead", "pause", "purge", "resume", "retry", "stats"]],
  ["queue --json pu", ["purge"]],
  ["queue purge ", ["dead", "done", "waiting"]],
  ["suppress add someone@example.org --reason ", ["bounce", "complaint", "manual", "unsubscribe"]],
  ["dns plan example.org --mta-sts ", ["enforce", "none", "testing"]],
  ["network.smtp mx.example.org --fail-on w", ["warning"]],
  ["run network.smtp mx.example.org --format pro", ["prometheus"]],
  ["report res", ["results.jsonl"]],
  ["report --baseline res", ["results.jsonl"]],
  ["report --title res", []],
  ["doctor res", []],
  ["network.smtp --tim", ["--timeout"]],
  ["queue dead --m", ["--most"]],
  ["queue retry --m", []],
];

describe("bash completes", () => {
  const complete = (words: readonly string[]): string[] => {
    const line = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}`;
    const script = `. '${scriptOf("bash")}'; ${line}; _probe_run; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", script], { encoding: "utf8", cwd: folder });
    expect(stderr).toBe("");
    return sorted(stdout.split("\n"));
  };

  test.each(CASES)("probe-run %s", (line, expected) => {
    expect(complete(["probe-run", ...line.split(" ")])).toEqual(expected);
  });

  // Bash makes the equals sign a word of its own.
  test.each([
    [["probe-run", "network.smtp", "--format", "="], "json"],
    [["probe-run", "network.smtp", "--format", "=", "js"], "json"],
    [["probe-run", "verify", "--lab", "=", "for"], "forwarded"],
    [["probe-run", "suppress", "add", "--ledger", "=", "x.db", "--reason", "=", "bou"], "bounce"],
  ])("the value in %j", (words, expected) => {
    expect(complete(words)).toContain(expected);
  });
});

/** To start a shell takes longer than to complete: one completes all lines, and prints this after each. */
const NEXT_LINE = "----";

realServer("fish completes", ["fish"], () => {
  const cases = [...CASES, ["network.smtp --format=pro", ["--format=prometheus"]] as const];
  let offered: string[];
  beforeAll(() => {
    const lines = cases.map(([line]) => `complete -C 'probe-run ${line}'; echo '${NEXT_LINE}'`);
    const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
    const argv = ["--no-config", "-c", [`source '${scriptOf("fish")}'`, ...lines].join("\n")];
    const { stdout, stderr } = spawnSync(programPath("fish") as string, argv, { encoding: "utf8", cwd: folder, env });
    expect(stderr).toBe("");
    offered = stdout.split(`${NEXT_LINE}\n`);
  });

  test.each(cases.map(([line, expected], index) => ({ line, expected, index })))("probe-run $line", ({ expected, index }) => {
    expect(sorted((offered[index] as string).split("\n").map((match) => match.split("\t")[0] as string))).toEqual(expected);
  });
});

realServer("zsh completes", ["zsh"], () => {
  const cases = [...CASES, ["network.smtp --format=pro", ["prometheus"]] as const];
  let offered: string[];
  beforeAll(() => {
    const lines = cases.map(([line]) => `probe-run ${line}`);
    const { stdout } = spawnSync(programPath("zsh") as string, ["-f", "-c", ZSH, "zsh", scriptOf("zsh"), ...lines], { encoding: "utf8", cwd: folder });
    offered = stdout.split(`${NEXT_LINE}\n`);
  }, 60_000);

  test.each(cases.map(([line, expected], index) => ({ line, expected, index })))("probe-run $line", ({ expected, index }) => {
    expect(offered[index]).toContain("finished");
    expect(sorted([...(offered[index] as string).matchAll(/<([^<>\s]+)>/g)].map(([, match]) => match as string))).toEqual(expected);
  });
});

/**
 * An interactive shell in a terminal of its own prints what it would offer for each line in angle brackets. Nothing is typed before the shell's
 * line editor reads: until then the terminal itself would take Ctrl-U, and delete the line.
 */
const ZSH = `
zmodload zsh/zpty
zpty shell zsh -f -i
tell() { zpty -w shell "$1" }
tell "PROMPT='' RPROMPT=''; LISTMAX=10000; autoload -Uz compinit; compinit -D -u; source \${(q)1}"
tell 'compadd() { local -a hits; if [[ $argv[(I)-(O|A|D)] -eq 0 ]]; then builtin compadd -A hits "$@"; (( $#hits )) && print -rl -- "<"\${^hits}">"; fi; builtin compadd "$@" }'
tell "zle-line-init() { print -n rea''dy }; zle -N zle-line-init"
for line in "\${@[2,-1]}"; do
  zpty -r shell output '*ready*'
  zpty -w -n shell "$line"$'\\t'$'\\x15'"print fini''shed"$'\\n'
  zpty -r shell output '*finished*'
  print -r -- $output
  print -r -- "${NEXT_LINE}"
done
zpty -d shell
`;

function sorted(matches: readonly string[]): string[] {
  return [...new Set(matches.map((match) => match.trim()))].filter((match) => match !== "").sort();
}
