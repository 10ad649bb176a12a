import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { rcptInputFrom } from "../mail-sites/environment.js";
import { parseReferences } from "../mail-sites/outbound-port-check.js";
import { refusalToProbe } from "../mail-sites/probing-allowed.js";
import { DEFAULT_FILE, keepBehaviourIn } from "../sqlite/store-path.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { withOverrides } from "./overrides.js";
import { queueOption } from "./queue-option.js";
import { refuseDisplayName } from "./rcpt/display-name.js";
import { UsageError } from "./usage-error.js";

const options = {
  "mx-host": { value: "HOST", description: "Ask this mail host, whatever the name servers say." },
  "force-resolve": { description: "Ask the name servers, also where their answer is still known." },
  "no-catch-all": { description: "Do not ask for an address that nobody has." },
  json: { description: "Print the envelope instead of a few lines." },
  set: { value: "KEY=VALUE", repeated: true, description: "Set a field of the input: --set helo_domain=probe.example.net." },
  timeout: { value: "MS", description: "The deadline of a run in milliseconds." },
  out: { value: "FILE", description: "Of a list: write the rows there. The same command again goes on behind the last row." },
  column: { value: "NAME", description: "Of a list: the column, or the field, that holds the address." },
  queue: { ...queueOption, description: "Of a list: store it as jobs there, keyed by mail site, instead of asking now." },
} as const;

export default defineCommand({
  summary: "Asks a mail host whether it would take a mail for an address, and sends none.",
  usage: "<address | list.csv | list.jsonl | -> [options]",
  details: [
    "Of a list, each address gives a row, as slowly as the environment says: GLOBAL_MAX_CONCURRENCY (12), GLOBAL_RPS (6), PER_MX_MAX_CONCURRENCY_DEFAULT (2), PER_MX_RPS_DEFAULT (1).",
    "SMTP_HELO_DOMAIN, SMTP_MAIL_FROM, SMTP_CONNECT_TIMEOUT and SMTP_COMMAND_TIMEOUT (in seconds) fill the input in.",
    "SMTP_PROBES_ENABLED=0 switches asking off on this machine; SMTP_PROBES_ALLOWED_HOSTS names the only machines that may.",
    "Ask for addresses that you have a reason to write to: docs/rcpt.md.",
  ].join("\n"),
  options,
  examples: [
    ["rcpt someone@example.org", "Ask the mail hosts of example.org."],
    ["rcpt someone@example.org --mx-host mx2.example.org --json", "Ask one of them, and print the envelope."],
    ["rcpt addresses.csv --out verdicts.csv", "Ask for a list; stopped, the same command goes on."],
    ["rcpt addresses.jsonl --queue", "Store it for `probe-run work --limit 12,6/s --limit key=2,1/s`."],
  ],
  words: { least: 1, most: 1 },
  run,
});

type Given = Arguments<typeof options>["options"];

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [word] = words as [string];
  const input = inputOf(given, io);
  const isList = word === "-" || !word.includes("@") || existsSync(resolve(io.cwd, word));
  checkOptions(given, isList);
  if (given.queue !== null) {
    const list = await (await import("./rcpt/list.js")).readList(word, given.column, io);
    return (await import("./rcpt/enqueue-list.js")).enqueueList(list, input, given.queue, io);
  }
  parseReferences(io.env.SMTP_SELF_TEST_HOSTS);
  const refusal = refusalToProbe(io.env);
  if (refusal !== null) {
    io.err(`probe-run: could not run: ${refusal}\n`);
    return EXIT.couldNotRun;
  }
  keepBehaviourIn(resolve(io.cwd, DEFAULT_FILE));
  if (!isList) refuseDisplayName(word);
  if (!isList) return (await import("./rcpt/ask-one.js")).askOne({ ...input, email: word }, given.json, io);
  const list = await (await import("./rcpt/list.js")).readList(word, given.column, io);
  return (await import("./rcpt/ask-list.js")).askList({ list, input, out: given.out }, io);
}

/** What the environment says, then the options, then --set. */
function inputOf(given: Given, io: Io): Record<string, unknown> {
  const timeoutMs = wholeNumber("timeout", given.timeout, 1, 3_600_000);
  const input = {
    ...rcptInputFrom(io.env),
    ...(given["mx-host"] === null ? {} : { mx_host: given["mx-host"] }),
    ...(given["force-resolve"] ? { cache: "refresh" } : {}),
    ...(given["no-catch-all"] ? { catch_all: false } : {}),
    ...(timeoutMs === null ? {} : { timeout_ms: timeoutMs }),
  };
  return withOverrides(input, given.set) as Record<string, unknown>;
}

function checkOptions({ out, column, queue, json }: Given, isList: boolean): void {
  if (isList && json) throw new UsageError("--json is for one address", "the rows of a list are JSON where the list is JSONL");
  const forLists = { out, column, queue };
  const wrong = Object.entries(forLists).find(([, value]) => value !== null)?.[0];
  if (!isList && wrong !== undefined) throw new UsageError(`--${wrong} is for a list of addresses`, "give a CSV, JSONL, or one address a line");
  if (queue !== null && out !== null) throw new UsageError("--queue and --out exclude each other", "the results of jobs are taken by `probe-run consume`");
}
