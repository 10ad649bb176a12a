import { resolve } from "node:path";
import type { OutputOf } from "../../harness/probe-types.js";
import { runReport } from "../../harness/run.js";
import type { Limit, Limits } from "../../limits/limits.js";
import { Throttle } from "../../limits/throttle.js";
import { sharedPlaces, sharedRate } from "../../mail-sites/capability.js";
import { paceOf, siteLimits } from "../../mail-sites/limits.js";
import type { SharedPlaces } from "../../mail-sites/shared-places.js";
import type { SharedRate } from "../../mail-sites/shared-rate.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { MOST_CHARACTERS, type Portion, portionsOf } from "./batch-by-site.js";
import { Destinations } from "./destination.js";
import type { AddressList, Entry } from "./list.js";
import { OutFile } from "./out-file.js";
import { RcptProgress } from "./rcpt-progress.js";
import { headOf, type RcptResult, rowOf } from "./row.js";

export interface ListRequest {
  readonly list: AddressList;
  /** For every address. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Null: to stdout, where nothing can be resumed. */
  readonly out: string | null;
}

/** Asks for every address of a list that has no row yet, slowly, and writes a row each. What came of it is in the rows: the exit code is 0. */
export async function askList({ list, input, out }: ListRequest, io: Io): Promise<number> {
  const limits = siteLimits(io.env);
  const throttle = new Throttle(withoutRates(limits));
  const file = out === null ? null : new OutFile(resolve(io.cwd, out), list);
  const open = list.entries.filter(({ line }) => !(file?.done.has(line) ?? false));
  const stopping = new AbortController();
  const stopListening = io.onInterrupt(() => stopping.abort());
  const progress = new RcptProgress(io, list.entries.length, list.entries.length - open.length);
  if (file === null && headOf(list.format) !== "") await io.out(headOf(list.format));
  const write = async (entry: Entry, result: RcptResult): Promise<void> => {
    const row = rowOf(entry, result, list.format);
    progress.clear();
    if (file === null) await io.out(row);
    else file.append(row);
    progress.add(result.verdict);
  };
  try {
    const portions = await portionsOf(open, new Destinations(input, stopping.signal), stopping.signal);
    const trouble = await askPortions(portions, { limits, throttle, rate: sharedRate(limits), places: sharedPlaces(limits), input, stopping, write });
    progress.end();
    return told(trouble, stopping.signal, out, io);
  } finally {
    stopListening();
  }
}

/** The rate is shared with other processes, and counted there. */
function withoutRates({ all, eachKey, keys }: Limits): Limits {
  const withoutRate = (limit: Limit | null): Limit | null => (limit === null ? null : { ...limit, rate: null });
  return {
    all: withoutRate(all),
    eachKey: withoutRate(eachKey),
    keys: Object.fromEntries(Object.entries(keys).map(([key, limit]) => [key, { ...limit, rate: null }])),
  };
}

interface Asking {
  readonly limits: Limits;
  /** How many batches at once, in this process. */
  readonly throttle: Throttle;
  /** Of all processes on this machine. */
  readonly rate: SharedRate;
  readonly places: SharedPlaces;
  readonly input: Readonly<Record<string, unknown>>;
  readonly stopping: AbortController;
  readonly write: (entry: Entry, result: RcptResult) => Promise<void>;
}

/** Gives what makes all further asking useless, or null. */
async function askPortions(portions: readonly Portion[], { limits, throttle, rate, places, input, stopping, write }: Asking): Promise<string | null> {
  const { signal } = stopping;
  signal.addEventListener("abort", () => throttle.open(), { once: true });
  let trouble: string | null = null;
  const askOne = async ({ site, entries }: Portion): Promise<void> => {
    await throttle.enter(site, 1);
    let giveBack: (() => void) | null = null;
    try {
      const expected = entries.length + (input.catch_all === false ? 0 : domainsOf(entries));
      await rate.take(site, expected, signal);
      giveBack = await places.enter(site, signal);
      if (giveBack === null) return;
      const emails = entries.map(({ email }) => email.slice(0, MOST_CHARACTERS));
      const { envelope } = await runReport("mail.rcpt@1.0.0", { ...paceOf(limits, site, emails.length), ...input, emails }, { signal });
      const output = envelope.output as OutputOf<"mail.rcpt@1.0.0">;
      rate.settle(site, expected, entries.length + randomAddressesOf(output));
      for (const [index, result] of output.results.entries()) {
        if (HOPELESS.has(result.reason)) {
          trouble ??= result.error ?? result.reason;
          stopping.abort();
        } else if (!signal.aborted || result.reason !== "run_ended") await write(entries[index] as Entry, result);
      }
    } finally {
      giveBack?.();
      throttle.leave(site);
    }
  };
  await Promise.all(portions.map(askOne));
  return trouble;
}

/** Each may be asked about one random address. */
function domainsOf(entries: readonly Entry[]): number {
  return new Set(entries.map(({ email }) => email.slice(email.lastIndexOf("@") + 1).toLowerCase())).size;
}

function randomAddressesOf({ domains }: OutputOf<"mail.rcpt@1.0.0">): number {
  return domains.filter(({ catch_all: { asked, from_cache: fromCache } }) => asked && !fromCache).length;
}

/** True of this machine, and so of every address: told once, and no row says it. */
const HOPELESS: ReadonlySet<string> = new Set(["outbound_blocked", "not_permitted"]);

function told(trouble: string | null, signal: AbortSignal, out: string | null, io: Io): number {
  const again = out === null ? "" : "; the same command goes on from here";
  if (trouble !== null) {
    io.err(`probe-run: could not run: ${trouble}${again}\n`);
    return EXIT.couldNotRun;
  }
  if (!signal.aborted) return EXIT.ok;
  io.err(`probe-run: stopped before the end${again}\n`);
  return EXIT.failed;
}
