import { suppressionsIn } from "../../delivery/ledger/imported.js";
import { keyOf, type Suppression, type SuppressionList } from "../../delivery/ledger/suppression.js";
import { printable } from "../../support/printable.js";
import { EXIT } from "../exit-codes.js";
import { type Line, linesOf } from "../input/lines.js";
import type { Io } from "../io.js";

interface Wish {
  /** Null: for good. */
  readonly forMs: number | null;
  readonly isJson: boolean;
}

/** What an import came to. */
interface Totals {
  lines: number;
  bounces: number;
  complaints: number;
  unsubscribes: number;
  /** New on the list; the others were there already. */
  added: number;
  /** Lines that name nobody who must not be sent to. */
  without: number;
  /** Lines that are nothing of ours, and addresses that are none. */
  not_understood: number;
}

const MOST_TOLD = 10;

/** Puts on the list whom the lines of a file say not to send to. What is not understood is told, and keeps nothing else from the list. */
export async function importFrom(list: SuppressionList, file: string, { forMs, isJson }: Wish, io: Io): Promise<number> {
  const totals: Totals = { lines: 0, bounces: 0, complaints: 0, unsubscribes: 0, added: 0, without: 0, not_understood: 0 };
  const trouble = (words: string): void => {
    totals.not_understood += 1;
    if (totals.not_understood <= MOST_TOLD) io.err(`probe-run: ${printable(words)}\n`);
  };
  for await (const lines of linesOf(file, io)) {
    totals.lines += lines.length;
    totals.added += list.add(lines.flatMap((line) => suppressionsOf(line, totals, trouble)).map((each) => ({ ...each, forMs })));
  }
  if (totals.not_understood > MOST_TOLD) io.err(`probe-run: and ${totals.not_understood - MOST_TOLD} more\n`);
  await io.out(isJson ? `${JSON.stringify(totals)}\n` : `${told(totals)}\n`);
  return totals.not_understood > 0 ? EXIT.failed : EXIT.ok;
}

function suppressionsOf({ number, text }: Line, totals: Totals, trouble: (words: string) => void): Suppression[] {
  const found = suppressionsIn(parsed(text));
  if (found === null) {
    trouble(`line ${number} is no result of mail.bounce or mail.deliver, and no event of a delivery`);
    return [];
  }
  if (found.length === 0) totals.without += 1;
  return found.filter(({ target, reason }) => {
    if (!isAddress(target)) {
      trouble(`line ${number}: ${JSON.stringify(target)} is no address`);
      return false;
    }
    totals[COUNTED[reason as keyof typeof COUNTED]] += 1;
    return true;
  });
}

const COUNTED = { bounce: "bounces", complaint: "complaints", unsubscribe: "unsubscribes" } as const;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A whole domain is for people to put on the list: no report of one address may. */
function isAddress(target: string): boolean {
  if (target.startsWith("@")) return false;
  try {
    keyOf(target);
    return true;
  } catch {
    return false;
  }
}

function told({ lines, bounces, complaints, unsubscribes, added, without, not_understood: unread }: Totals): string {
  const found = bounces + complaints + unsubscribes;
  return [
    `${lines} lines: ${bounces} bounces, ${complaints} complaints, ${unsubscribes} unsubscribes; ${added} added, ${found - added} there already`,
    `${without} lines say nothing of the kind${unread === 0 ? "" : `, ${unread} times something was not understood`}`,
  ].join("; ");
}
