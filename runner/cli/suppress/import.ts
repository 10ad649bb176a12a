import { keyOf, type Suppression, type SuppressionList } from "../../delivery/ledger/suppression.js";
import { suppressionsIn } from "../../delivery/ledger/suppressions-in-results.js";
import { counted } from "../../support/counted.js";
import { printable } from "../../support/printable.js";
import { EXIT } from "../exit-codes.js";
import { linesOf } from "../input/lines.js";
import type { Io } from "../io.js";
import { type ReadResult, resultsIn } from "./read-results.js";

interface ImportOptions {
  /** Null: permanently. */
  readonly forMs: number | null;
  readonly isJson: boolean;
}

/** The result of an import. */
interface Totals {
  lines: number;
  bounces: number;
  complaints: number;
  unsubscribes: number;
  /** New entries; the others were in the list already. */
  added: number;
  /** Lines without an address to suppress. */
  without: number;
  /** Lines that could not be parsed, and invalid addresses. */
  not_understood: number;
}

const MAX_SHOWN = 10;

/** Suppresses the addresses in the results of a file. A line that cannot be parsed is reported, and does not stop the import. */
export async function importFrom(list: SuppressionList, file: string, { forMs, isJson }: ImportOptions, io: Io): Promise<number> {
  const totals: Totals = { lines: 0, bounces: 0, complaints: 0, unsubscribes: 0, added: 0, without: 0, not_understood: 0 };
  const report = (words: string): void => {
    totals.not_understood += 1;
    if (totals.not_understood <= MAX_SHOWN) io.err(`probe-run: ${printable(words)}\n`);
  };
  for await (const results of resultsIn(linesOf(file, io))) {
    totals.lines += results.length;
    totals.added += list.add(results.flatMap((result) => suppressionsOf(result, totals, report)).map((each) => ({ ...each, forMs })));
  }
  if (totals.not_understood > MAX_SHOWN) io.err(`probe-run: and ${totals.not_understood - MAX_SHOWN} more\n`);
  await io.out(isJson ? `${JSON.stringify(totals)}\n` : `${inWords(totals)}\n`);
  return totals.not_understood > 0 ? EXIT.failed : EXIT.ok;
}

function suppressionsOf({ place, value }: ReadResult, totals: Totals, report: (words: string) => void): Suppression[] {
  const found = suppressionsIn(value);
  if (found === null) {
    report(`${place} is not a result of mail.bounce or mail.deliver, nor a delivery event`);
    return [];
  }
  if (found.length === 0) totals.without += 1;
  return found.filter(({ target, reason }) => {
    if (!isAddress(target)) {
      report(`${place}: ${JSON.stringify(target)} is not a valid address`);
      return false;
    }
    totals[COUNTED[reason as keyof typeof COUNTED]] += 1;
    return true;
  });
}

const COUNTED = { bounce: "bounces", complaint: "complaints", unsubscribe: "unsubscribes" } as const;

/** Only an operator may suppress a whole domain, not a report about one address. */
function isAddress(target: string): boolean {
  if (target.startsWith("@")) return false;
  try {
    keyOf(target);
    return true;
  } catch {
    return false;
  }
}

function inWords({ lines, bounces, complaints, unsubscribes, added, without, not_understood: unread }: Totals): string {
  const found = bounces + complaints + unsubscribes;
  return [
    `${counted(lines, "result")}: ${counted(bounces, "bounce")}, ${counted(complaints, "complaint")}, ${counted(unsubscribes, "unsubscribe")}; ${added} added, ${found - added} already on the list`,
    `${counted(without, "result")} ignored${unread === 0 ? "" : `, ${counted(unread, "result")} could not be parsed`}`,
  ].join("; ");
}
