/** The files of dist/ beside cli.cjs that hold parts of the command, each read when a command asks for it. */
const APART_FILES = ["run", "enqueue", "queue", "stores", "delivery", "dns", "formats", "labs", "commands"] as const;

export type ApartFile = (typeof APART_FILES)[number];

/** They load probes, with a harness of their own. */
const WITH_HARNESS: readonly ApartFile[] = ["run", "enqueue", "queue", "commands"];

/** By the beginning of its path: where a module lies that is imported lazily. Any other lies in the file that asks for it. */
const PLACES: Readonly<Record<string, ApartFile>> = {
  "runner/cli/run.js": "run",
  "runner/cli/probe-outline.js": "run",
  "runner/cli/enqueue.js": "enqueue",
  "runner/cli/work.js": "queue",
  "runner/cli/consume.js": "queue",
  "runner/cli/queue.js": "queue",
  "runner/cli/push-results.js": "queue",
  "runner/cli/lab-target.js": "commands",
  "runner/queue/redis/": "stores",
  "runner/queue/nats/": "stores",
  "runner/queue/amqp/": "stores",
  "runner/queue/webhook/": "stores",
  "runner/queue/lines/": "stores",
  "runner/delivery/": "delivery",
  "runner/mail-sites/": "delivery",
  "runner/net/dns/": "dns",
  "runner/formats/": "formats",
  "probes/labs.js": "labs",
};

/** Small, and for what is asked most often: they lie in cli.cjs. */
const IN_CLI = ["runner/cli/list.js", "runner/cli/describe.js"];

/** Where `importer`, a part of `file`, finds a module that it imports lazily. Null: in the same file. */
export function apartFileOf(module: string, importer: string, file: ApartFile | "cli" | "child"): ApartFile | null {
  const place = Object.entries(PLACES).find(([start]) => module.startsWith(start))?.[1];
  if (place !== undefined) return place === file ? null : place;
  if (importer === "runner/cli/commands.ts") return IN_CLI.includes(module) ? null : "commands";
  // It checks inputs and runs no probe: what its capabilities would load lies elsewhere.
  return file === "enqueue" && importer === "runner/capabilities.ts" ? "run" : null;
}

export function holdsHarness(file: ApartFile): boolean {
  return WITH_HARNESS.includes(file);
}
