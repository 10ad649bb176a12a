import { resolve } from "node:path";
import type { OutputOf } from "../../harness/probe-types.js";
import { runReport } from "../../harness/run.js";
import type { Limit, Limits } from "../../limits/limits.js";
import { Throttle } from "../../limits/throttle.js";
import { sharedRate, sharedSlots } from "../../mail-sites/capability.js";
import { paceOf, siteLimits } from "../../mail-sites/limits.js";
import type { SharedRate } from "../../mail-sites/shared-rate.js";
import type { SharedSlots } from "../../mail-sites/shared-slots.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { MAX_CHARACTERS, type Portion, portionsOf } from "./batch-by-site.js";
import { Destinations } from "./destination.js";
import type { AddressList, Entry } from "./list.js";
import { OutFile } from "./out-file.js";
import { RcptProgress } from "./rcpt-progress.js";
import { headOf, type RcptResult, rowOf } from "./row.js";

export interface ListRequest {
  readonly list: AddressList;
  /** Applies to every address. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Null: to stdout, which cannot be resumed. */
  readonly out: string | null;
}

/** Checks every address of a list that has no row yet, at a limited rate, and writes one row for each. The exit code is 0, whatever the results. */
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
    const localError = await askPortions(portions, { limits, throttle, rate: sharedRate(limits), places: sharedSlots(limits), input, stopping, write });
    progress.end();
    return reportEnd(localError, stopping.signal, out, io);
  } finally {
    stopListening();
  }
}

/** The rate is shared with other processes, in a common counter. */
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
  /** Simultaneous batches of this process. */
  readonly throttle: Throttle;
  /** Simultaneous checks of all processes on this machine. */
  readonly rate: SharedRate;
  readonly places: SharedSlots;
  readonly input: Readonly<Record<string, unknown>>;
  readonly stopping: AbortController;
  readonly write: (entry: Entry, result: RcptResult) => Promise<void>;
}

/** Returns an error that makes further checks useless, or null. */
async function askPortions(portions: readonly Portion[], { limits, throttle, rate, places, input, stopping, write }: Asking): Promise<string | null> {
  const { signal } = stopping;
  signal.addEventListener("abort", () => throttle.open(), { once: true });
  let localError: string | null = null;
  const askOne = async ({ site, entries }: Portion): Promise<void> => {
    await throttle.enter(site, 1);
    let giveBack: (() => void) | null = null;
    try {
      const expected = entries.length + (input.catch_all === false ? 0 : domainsOf(entries));
      await rate.take(site, expected, signal);
      giveBack = await places.enter(site, signal);
      if (giveBack === null) return;
      const emails = entries.map(({ email }) => email.slice(0, MAX_CHARACTERS));
      const { envelope } = await runReport("mail.rcpt@1.0.0", { ...paceOf(limits, site, emails.length), ...input, emails }, { signal });
      const output = envelope.output as OutputOf<"mail.rcpt@1.0.0">;
      rate.settle(site, expected, entries.length + randomAddressesOf(output));
      for (const [index, result] of output.results.entries()) {
        if (LOCAL_ERRORS.has(result.reason)) {
          localError ??= result.error ?? result.reason;
          stopping.abort();
        } else if (!signal.aborted || result.reason !== "run_ended") await write(entries[index] as Entry, result);
      }
    } finally {
      giveBack?.();
      throttle.leave(site);
    }
  };
  await Promise.all(portions.map(askOne));
  return localError;
}

/** Each host may be asked about one random address. */
function domainsOf(entries: readonly Entry[]): number {
  return new Set(entries.map(({ email }) => email.slice(email.lastIndexOf("@") + 1).toLowerCase())).size;
}

function randomAddressesOf({ domains }: OutputOf<"mail.rcpt@1.0.0">): number {
  return domains.filter(({ catch_all: { asked, from_cache: fromCache } }) => asked && !fromCache).length;
}

/** An error of this machine applies to every address: it is reported once, and in no row. */
const LOCAL_ERRORS: ReadonlySet<string> = new Set(["outbound_blocked", "not_permitted"]);

function reportEnd(localError: string | null, signal: AbortSignal, out: string | null, io: Io): number {
  const again = out === null ? "" : "; run the same command again to resume";
  if (localError !== null) {
    io.err(`probe-run: could not run: ${localError}${again}\n`);
    return EXIT.couldNotRun;
  }
  if (!signal.aborted) return EXIT.ok;
  io.err(`probe-run: stopped before the end${again}\n`);
  return EXIT.failed;
}
