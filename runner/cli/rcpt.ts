import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { rcptInputFrom } from "../mail-sites/environment.js";
import { parseReferences } from "../mail-sites/outbound-port-check.js";
import { refusalToProbe } from "../mail-sites/probing-allowed.js";
import { DEFAULT_FILE, setDefaultBehaviourFile } from "../sqlite/store-path.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { looksLikeFile } from "./input/format.js";
import type { Io } from "./io.js";
import { withOverrides } from "./overrides.js";
import { queueOption } from "./queue-option.js";
import type { View } from "./rcpt/ask-one.js";
import { refuseDisplayName } from "./rcpt/display-name.js";
import { missingArgument, UsageError } from "./usage-error.js";

const options = {
  "mx-host": { value: "HOST", description: "Check with this mail host instead of those in the MX records." },
  "force-resolve": { description: "Bypass the DNS cache." },
  "no-catch-all": { description: "Do not also check a random address." },
  json: { description: "Print the envelope instead of a summary." },
  pretty: { description: "Print the operations of the run, as a waterfall." },
  lab: { value: "SERVER", optional: true, description: "Check an address of a local lab server: the first, or the named one." },
  set: { value: "KEY=VALUE", repeated: true, description: "Set a field of the input: --set helo_domain=probe.example.net." },
  timeout: { value: "MS", description: "The deadline of a run in milliseconds." },
  out: { value: "FILE", description: "For a list: write the rows to this file. Run the same command again to resume after the last row." },
  column: { value: "NAME", description: "For a list: the column or field that contains the address." },
  queue: { ...queueOption, description: "For a list: enqueue it as jobs, keyed by mail site, instead of checking now." },
} as const;

export default defineCommand({
  summary: "Checks whether mailboxes accept mail, without sending any.",
  usage: "<address | list.csv | list.jsonl | -> [options]   |   --lab [options]",
  details: [
    "A list gives one row per address. Environment variables limit the rate: GLOBAL_MAX_CONCURRENCY (12), GLOBAL_RPS (6), PER_MX_MAX_CONCURRENCY_DEFAULT (2), PER_MX_RPS_DEFAULT (1).",
    "SMTP_HELO_DOMAIN, SMTP_MAIL_FROM, SMTP_CONNECT_TIMEOUT and SMTP_COMMAND_TIMEOUT (in seconds) are defaults of the input.",
    "SMTP_PROBES_ENABLED=0 disables these checks on this machine; SMTP_PROBES_ALLOWED_HOSTS lists the only machines that may run them.",
    "Only check addresses that you have a reason to write to: docs/rcpt.md.",
  ].join("\n"),
  options,
  examples: [
    ["rcpt someone@example.org", "Check an address with the mail hosts of example.org."],
    ["rcpt --lab", "Try it without a network."],
    ["rcpt someone@example.org --mx-host mx2.example.org --json", "Check with one of them, and print the envelope."],
    ["rcpt addresses.csv --out verdicts.csv", "Check a list; run the same command again to resume."],
    ["rcpt addresses.jsonl --queue", "Enqueue a list for `probe-run work --limit 12,6/s --limit key=2,1/s`."],
  ],
  words: { least: 0, most: 1 },
  run,
});

type Given = Arguments<typeof options>["options"];

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [word] = words;
  if (given.lab !== null) return askLab(word, given.lab, given, io);
  if (word === undefined) throw missingArgument("<address | list.csv | list.jsonl | ->", 0, "probe-run rcpt <address | list.csv | list.jsonl | ->");
  if (word.trim() === "") throw new UsageError("the address is empty", "is the variable set?");
  const input = inputOf(given, io);
  const isList = word === "-" || !word.includes("@") || existsSync(resolve(io.cwd, word));
  if (isList && word !== "-" && !looksLikeFile(word) && !existsSync(resolve(io.cwd, word)))
    throw new UsageError(`${JSON.stringify(word)} is neither an address nor a file`, "an address has an @; a list is a file, or - for stdin");
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
  setDefaultBehaviourFile(resolve(io.cwd, DEFAULT_FILE));
  if (!isList) refuseDisplayName(word);
  if (!isList) return (await import("./rcpt/ask-one.js")).askOne({ ...input, email: word }, viewOf(given), io);
  const list = await (await import("./rcpt/list.js")).readList(word, given.column, io);
  return (await import("./rcpt/ask-list.js")).askList({ list, input, out: given.out }, io);
}

async function askLab(word: string | undefined, server: string, given: Given, io: Io): Promise<number> {
  if (word !== undefined) throw new UsageError("--lab and an address cannot be combined", "leave one of them out: the lab has addresses of its own");
  checkOptions(given, false);
  const lab = await (await import("./lab-target.js")).startLabTarget("mail.rcpt", server);
  try {
    return await (await import("./rcpt/ask-one.js")).askOne({ ...lab.input, ...inputOf(given, io) }, viewOf(given), io);
  } finally {
    await lab.close();
  }
}

function viewOf({ json, pretty }: Given): View {
  if (json && pretty) throw new UsageError("--json and --pretty cannot be combined", "leave one of them out");
  return json ? "json" : pretty ? "pretty" : "summary";
}

/** Defaults from the environment, overridden by the options, then by --set. */
function inputOf(given: Given, io: Io): Record<string, unknown> {
  const timeoutMs = wholeNumber("timeout", given.timeout, 1, 3_600_000, "milliseconds");
  const input = {
    ...rcptInputFrom(io.env),
    ...(given["mx-host"] === null ? {} : { mx_host: given["mx-host"] }),
    ...(given["force-resolve"] ? { cache: "refresh" } : {}),
    ...(given["no-catch-all"] ? { catch_all: false } : {}),
    ...(timeoutMs === null ? {} : { timeout_ms: timeoutMs }),
  };
  return withOverrides(input, given.set) as Record<string, unknown>;
}

function checkOptions({ out, column, queue, json, pretty }: Given, isList: boolean): void {
  if (isList && pretty) throw new UsageError("--pretty is for a single address", "leave it out: a list prints one row for each address");
  if (isList && json) throw new UsageError("--json is for a single address", "the rows of a list are JSON if the list is JSONL");
  const forLists = { out, column, queue };
  const wrong = Object.entries(forLists).find(([, value]) => value !== null)?.[0];
  if (!isList && wrong !== undefined) throw new UsageError(`--${wrong} is for a list of addresses`, "give CSV, JSONL, or one address per line");
  if (queue !== null && out !== null) throw new UsageError("--queue and --out cannot be combined", "`probe-run consume` delivers the results of jobs");
}
