import { resolve } from "node:path";
import { Ledger, ledgerFile } from "../delivery/ledger/ledger.js";
import { SUPPRESSION_REASONS, type Suppressed, type SuppressionReason } from "../delivery/ledger/suppression.js";
import { printable } from "../support/printable.js";
import { table } from "../support/table.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { UsageError } from "./usage-error.js";

const options = {
  reason: { value: "WHY", description: `For add: ${SUPPRESSION_REASONS.join(", ")} (manual).` },
  days: { value: "N", description: "For add and import: how long; for good without it." },
  detail: { value: "TEXT", description: "For add: what is known about it." },
  most: { value: "N", description: "For list: how many to show (100)." },
  ledger: { value: "FILE", description: "The file that the delivery service uses (PROBE_RUN_DELIVERY, or .probe-run/delivery.db)." },
  json: { description: "Print JSON instead of a table." },
} as const;

export default defineCommand({
  summary: "Says to whom mail.deliver sends nothing, whatever it is asked.",
  usage: "<add | remove | check | list | import> [address … | file] [options]",
  details: [
    "add ADDRESS …      From now on nothing is sent to it. @example.org stands for every address of a domain.",
    "remove ADDRESS …   It may be sent to again.",
    "check ADDRESS …    Whether it may be sent to; exits 1 where one may not.",
    "list               Who is on the list, the latest first.",
    "import FILE        Adds whom results of mail.bounce and mail.deliver, or events, say not to send to: one JSON object a line; - for stdin.",
    "                   Addresses that do not exist, disabled mailboxes, complaints and opt-outs; nothing else of them.",
  ].join("\n"),
  options,
  examples: [
    ["suppress add ann@example.org --reason unsubscribe", "Ann gets nothing more."],
    ["suppress add bob@example.org --reason bounce --days 30", "His mailbox is full: try again next month."],
    ["suppress check ann@example.org", "May Ann be sent to?"],
    ["suppress list --json", "The whole list, for another program."],
    ["suppress import bounces.jsonl", "Whom the bounces and complaints of today say not to send to."],
  ],
  words: { least: 1, most: 10_001 },
  run,
});

type Given = Arguments<typeof options>["options"];
type Act = (ledger: Ledger, targets: readonly string[], given: Given, io: Io) => Promise<number>;

const ACTS: Readonly<Record<string, Act>> = { add, remove, check, list, import: importFrom };

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [name, ...targets] = words as [string, ...string[]];
  const act = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
  if (act === undefined) throw new UsageError(`suppress has no ${JSON.stringify(name)}`, `there are: ${Object.keys(ACTS).join(", ")}`);
  if (name === "list" && targets.length > 0) throw new UsageError(`${JSON.stringify(targets[0])} is one word too many`, "suppress check ADDRESS looks for one");
  if (name === "import" && targets.length !== 1) throw new UsageError("import takes one file, or - for stdin", "suppress import bounces.jsonl");
  if (name !== "list" && targets.length === 0) throw new UsageError(`${name} whom?`, `suppress ${name} someone@example.org`);
  const ledger = new Ledger(resolve(io.cwd, given.ledger ?? ledgerFile(io.env)));
  try {
    return await act(ledger, targets, given, io);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, "nothing was changed");
    throw error;
  } finally {
    ledger.close();
  }
}

async function add({ suppressed }: Ledger, targets: readonly string[], given: Given, io: Io): Promise<number> {
  const forMs = timeOf(given);
  const reason = reasonOf(given.reason);
  const added = suppressed.add(targets.map((target) => ({ target, reason, detail: given.detail, forMs })));
  await io.out(given.json ? `${JSON.stringify({ added, updated: targets.length - added })}\n` : `${added} added, ${targets.length - added} there already\n`);
  return EXIT.ok;
}

function timeOf({ days: written }: Given): number | null {
  const days = wholeNumber("days", written, 1, 36_500);
  return days === null ? null : days * 24 * 3600 * 1000;
}

async function importFrom({ suppressed }: Ledger, [file]: readonly string[], given: Given, io: Io): Promise<number> {
  return (await import("./suppress/import.js")).importFrom(suppressed, file as string, { forMs: timeOf(given), isJson: given.json }, io);
}

function reasonOf(written: string | null): SuppressionReason {
  const reason = SUPPRESSION_REASONS.find((each) => each === (written ?? "manual"));
  if (reason !== undefined) return reason;
  throw new UsageError(`--reason must be one of ${SUPPRESSION_REASONS.join(", ")}, not ${JSON.stringify(written)}`);
}

async function remove({ suppressed }: Ledger, targets: readonly string[], { json }: Given, io: Io): Promise<number> {
  const removed = suppressed.remove(targets);
  await io.out(json ? `${JSON.stringify({ removed })}\n` : `${removed} removed\n`);
  return EXIT.ok;
}

async function check({ suppressed }: Ledger, targets: readonly string[], { json }: Given, io: Io): Promise<number> {
  const answers = targets.map((address) => ({ address, suppressed: suppressed.find(address) }));
  if (json) await io.out(`${JSON.stringify(answers, null, 2)}\n`);
  else for (const { address, suppressed: found } of answers) await io.out(`${printable(address)}: ${found === null ? "may be sent to" : told(found)}\n`);
  return answers.some(({ suppressed: found }) => found !== null) ? EXIT.failed : EXIT.ok;
}

function told({ target, reason, since, until, detail }: Suppressed): string {
  const about = detail === null ? "" : `: ${printable(detail)}`;
  return `suppressed as ${printable(target)} (${reason}) since ${since}${until === null ? "" : ` until ${until}`}${about}`;
}

async function list({ suppressed }: Ledger, _: readonly string[], given: Given, io: Io): Promise<number> {
  const all = suppressed.list(wholeNumber("most", given.most, 1, 1_000_000) ?? (given.json ? 1_000_000 : 100));
  if (given.json) await io.out(`${JSON.stringify(all, null, 2)}\n`);
  else if (all.length === 0) await io.out("nobody is on the list\n");
  else {
    const rows = all.map(({ target, reason, since, until, detail }) => [printable(target), reason, since, until ?? "for good", printable(detail ?? "")]);
    await io.out(table(["ADDRESS", "REASON", "SINCE", "UNTIL", "DETAIL"], rows, io.stdout.isTty ? io.stdout.columns : Number.POSITIVE_INFINITY));
    const more = suppressed.count() - all.length;
    if (more > 0) io.err(`and ${more} more: --most ${suppressed.count()} shows all\n`);
  }
  return EXIT.ok;
}
