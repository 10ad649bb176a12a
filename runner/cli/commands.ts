import type { Command } from "./command.js";

interface Entry {
  readonly summary: string;
  load(): Promise<{ default: Command }>;
}

/** Every command, in the order of the help. Each is imported when it is called, and no other. */
export const COMMANDS = {
  run: { summary: "Run a probe and print its envelope; the word run may be left out.", load: () => import("./run.js") },
  rcpt: { summary: "Ask whether mailboxes would take a mail, and send none.", load: () => import("./rcpt.js") },
  dkim: { summary: "Make a DKIM key with its DNS record, and check one.", load: () => import("./dkim.js") },
  dns: { summary: "Say which records a domain's mail needs, and which it has.", load: () => import("./dns.js") },
  list: { summary: "List every probe.", load: () => import("./list.js") },
  describe: { summary: "Tell what a probe takes and what it gives.", load: () => import("./describe.js") },
  schema: { summary: "Print the JSON Schema of a probe's input or output.", load: () => import("./schema.js") },
  lab: { summary: "Serve local servers to try every built-in probe on.", load: () => import("./lab.js") },
  new: { summary: "Make a new probe with its test and transcript.", load: () => import("./new.js") },
  completion: { summary: "Print a completion script for bash, zsh or fish.", load: () => import("./completion.js") },
  enqueue: { summary: "Store jobs in a queue, one a line.", load: () => import("./enqueue.js") },
  work: { summary: "Work the jobs of a queue off.", load: () => import("./work.js") },
  consume: { summary: "Hand the results of a queue on.", load: () => import("./consume.js") },
  queue: { summary: "Look at a queue; pause, retry and purge it.", load: () => import("./queue.js") },
  suppress: { summary: "Say to whom mail.deliver sends nothing.", load: () => import("./suppress.js") },
  test: { summary: "Run suites of checks on vitest.", load: () => import("./test.js") },
} as const satisfies Readonly<Record<string, Entry>>;

export type CommandName = keyof typeof COMMANDS;

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}
