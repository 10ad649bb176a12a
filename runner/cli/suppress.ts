import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Ledger, ledgerFile } from "../delivery/ledger/ledger.js";
import { SUPPRESSION_REASONS, type Suppressed, type SuppressionReason } from "../delivery/ledger/suppression.js";
import { MISSING_SQLITE } from "../sqlite/driver.js";
import { IN_MEMORY } from "../sqlite/store-path.js";
import { printable } from "../support/printable.js";
import { table } from "../support/table.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { UsageError } from "./usage-error.js";

const MAX_ADDRESSES = 10_000;

const options = {
  reason: { value: "WHY", choices: SUPPRESSION_REASONS, description: `For add: ${SUPPRESSION_REASONS.join(", ")} (manual).` },
  days: { value: "N", description: "For add and import: suppress for N days; permanently without it." },
  detail: { value: "TEXT", description: "For add: a note, such as the reply of a server." },
  most: { value: "N", description: "For list: show at most N entries (100)." },
  ledger: { value: "FILE", description: "The delivery ledger (PROBE_RUN_DELIVERY, or .probe-run/delivery.db)." },
  json: { description: "Print JSON instead of a table." },
} as const;

export default defineCommand({
  summary: "Manages the suppression list of mail.deliver.",
  usage: "<subcommand> [address … | file] [options]",
  options,
  subcommands: {
    init: {
      usage: "",
      summary: "Create the delivery ledger, which holds the list. add and import create it, too.",
      words: { least: 0, most: 0 },
      options: ["ledger"],
    },
    add: {
      usage: "<address …>",
      summary: "Suppress addresses. @example.org stands for every address of a domain.",
      words: { least: 1, most: MAX_ADDRESSES },
      options: ["reason", "days", "detail", "ledger", "json"],
      completes: ["nothing"],
    },
    remove: {
      usage: "<address …>",
      summary: "Remove addresses from the list.",
      words: { least: 1, most: MAX_ADDRESSES },
      options: ["ledger", "json"],
      completes: ["nothing"],
    },
    check: {
      usage: "<address …>",
      summary: "Show whether addresses are suppressed; exits 1 if one is.",
      words: { least: 1, most: MAX_ADDRESSES },
      options: ["ledger", "json"],
      completes: ["nothing"],
    },
    list: { usage: "", summary: "Show the list, the latest entry first.", words: { least: 0, most: 0 }, options: ["most", "ledger", "json"] },
    import: {
      usage: "<file | ->",
      summary:
        "Suppress addresses from results of mail.bounce and mail.deliver, or from events, as they are printed or one JSON object per line: addresses that do not exist, disabled mailboxes, complaints and opt-outs.",
      words: { least: 1, most: 1 },
      options: ["days", "ledger", "json"],
    },
  },
  examples: [
    ["suppress add ann@example.org --reason unsubscribe", "Ann gets no more mail."],
    ["suppress add bob@example.org --reason bounce --days 30", "His mailbox is full: retry next month."],
    ["suppress check ann@example.org", "Is Ann suppressed?"],
    ["suppress list --json", "The whole list, for another program."],
    ["suppress remove bob@example.org", "His mailbox works again."],
    ["suppress init --ledger /var/lib/probe-run/delivery.db", "Create the ledger before the workers start."],
    ["suppress import bounces.jsonl", "Suppress addresses from today's bounces and complaints."],
  ],
  words: { least: 1, most: MAX_ADDRESSES + 1 },
  run,
});

type Given = Arguments<typeof options>["options"];

/** A subcommand, and whether it creates a missing ledger. */
interface Act {
  readonly makesLedger: boolean;
  run(ledger: Ledger, targets: readonly string[], given: Given, io: Io): Promise<number>;
}

const ACTS: Readonly<Record<string, Act>> = {
  init: { makesLedger: true, run: async () => EXIT.ok },
  add: { makesLedger: true, run: add },
  remove: { makesLedger: false, run: remove },
  check: { makesLedger: false, run: check },
  list: { makesLedger: false, run: list },
  import: { makesLedger: true, run: importFrom },
};

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [name, ...targets] = words as [string, ...string[]];
  const act = ACTS[name] as Act;
  const ledger = openLedger(act, given, io);
  try {
    return await act.run(ledger, targets, given, io);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, "nothing was changed");
    throw error;
  } finally {
    ledger.close();
  }
}

/** A mistyped path must not look like an empty list. Without a given ledger, the default one exists only once something is suppressed. */
function openLedger({ makesLedger }: Act, given: Given, io: Io): Ledger {
  const path = resolve(io.cwd, given.ledger ?? ledgerFile(io.env));
  const isThere = existsSync(path);
  try {
    if (makesLedger) {
      const ledger = Ledger.create(path);
      if (!isThere) io.err(`created the delivery ledger ${path}\n`);
      return ledger;
    }
    const isNamed = given.ledger !== null || Boolean(io.env.PROBE_RUN_DELIVERY);
    return isThere || isNamed ? Ledger.open(path) : Ledger.create(IN_MEMORY);
  } catch (error) {
    throw unusable(path, error as Error);
  }
}

/** Our own errors say what to do. Those of the system and of SQLite do not say what the file is. */
function unusable(path: string, { name, message }: Error): UsageError {
  if (name === MISSING_SQLITE || message.includes("delivery ledger")) return new UsageError(message);
  return new UsageError(`the delivery ledger ${path} cannot be used: ${message}`, "give another file in --ledger or PROBE_RUN_DELIVERY");
}

async function add({ suppressed }: Ledger, targets: readonly string[], given: Given, io: Io): Promise<number> {
  const forMs = timeOf(given);
  const reason = (given.reason as SuppressionReason | null) ?? "manual";
  const added = suppressed.add(targets.map((target) => ({ target, reason, detail: given.detail, forMs })));
  await io.out(
    given.json ? `${JSON.stringify({ added, updated: targets.length - added })}\n` : `${added} added, ${targets.length - added} already on the list\n`,
  );
  return EXIT.ok;
}

function timeOf({ days: written }: Given): number | null {
  const days = wholeNumber("days", written, 1, 36_500);
  return days === null ? null : days * 24 * 3600 * 1000;
}

async function importFrom({ suppressed }: Ledger, [file]: readonly string[], given: Given, io: Io): Promise<number> {
  return (await import("./suppress/import.js")).importFrom(suppressed, file as string, { forMs: timeOf(given), isJson: given.json }, io);
}

async function remove({ suppressed }: Ledger, targets: readonly string[], { json }: Given, io: Io): Promise<number> {
  const removed = suppressed.remove(targets);
  await io.out(json ? `${JSON.stringify({ removed })}\n` : `${removed} removed\n`);
  return EXIT.ok;
}

async function check({ suppressed }: Ledger, targets: readonly string[], { json }: Given, io: Io): Promise<number> {
  const answers = targets.map((address) => ({ address, suppressed: suppressed.find(address) }));
  if (json) await io.out(`${JSON.stringify(answers, null, 2)}\n`);
  else for (const { address, suppressed: found } of answers) await io.out(`${printable(address)}: ${found === null ? "not suppressed" : inWords(found)}\n`);
  return answers.some(({ suppressed: found }) => found !== null) ? EXIT.failed : EXIT.ok;
}

function inWords({ target, reason, since, until, detail }: Suppressed): string {
  const about = detail === null ? "" : `: ${printable(detail)}`;
  return `suppressed as ${printable(target)} (${reason}) since ${since}${until === null ? "" : ` until ${until}`}${about}`;
}

async function list({ suppressed }: Ledger, _: readonly string[], given: Given, io: Io): Promise<number> {
  const all = suppressed.list(wholeNumber("most", given.most, 1, 1_000_000) ?? (given.json ? 1_000_000 : 100));
  if (given.json) await io.out(`${JSON.stringify(all, null, 2)}\n`);
  else if (all.length === 0) await io.out("the list is empty\n");
  else {
    const rows = all.map(({ target, reason, since, until, detail }) => [printable(target), reason, since, until ?? "permanent", printable(detail ?? "")]);
    await io.out(table(["ADDRESS", "REASON", "SINCE", "UNTIL", "DETAIL"], rows, io.stdout.isTty ? io.stdout.columns : Number.POSITIVE_INFINITY));
    const more = suppressed.count() - all.length;
    if (more > 0) io.err(`and ${more} more: use --most ${suppressed.count()} to show all\n`);
  }
  return EXIT.ok;
}
