import type { Command } from "./command.js";

interface Entry {
  readonly summary: string;
  load(): Promise<{ default: Command }>;
}

/** Every command, in the order of the help. Each is imported when it is called, and no other. */
export const COMMANDS = {
  run: { summary: "Run a probe and print its envelope; the word run may be left out.", load: () => import("./run.js") },
  test: { summary: "Run suites of checks on vitest.", load: () => import("./test.js") },
} as const satisfies Readonly<Record<string, Entry>>;

export type CommandName = keyof typeof COMMANDS;

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}
