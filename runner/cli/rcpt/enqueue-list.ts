import { loadProbe } from "../../harness/registry.js";
import { parseAsked } from "../../harness/version.js";
import { paceOf, siteLimits } from "../../mail-sites/limits.js";
import { jobMessage } from "../../queue/job.js";
import { counted } from "../../support/counted.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { openQueueOption } from "../open-queue-option.js";
import { MAX_CHARACTERS, portionsOf } from "./batch-by-site.js";
import { Destinations } from "./destination.js";
import type { AddressList } from "./list.js";

/** Greylisting needs a pause of five minutes, and a busy server needs a longer one. */
const BACKOFF = { retryFailures: true, maxAttempts: 5, backoffMs: 15 * 60_000, backoffMostMs: 4 * 3600_000 } as const;

/** Stores a list as jobs, one for a few addresses of one site, with the site as key, which the limits of workers count by. */
export async function enqueueList({ entries }: AddressList, input: Readonly<Record<string, unknown>>, written: string, io: Io): Promise<number> {
  const asked = parseAsked("mail.rcpt@1.0.0");
  const loaded = await loadProbe(asked.name);
  const stopping = new AbortController();
  const stopListening = io.onInterrupt(() => stopping.abort());
  const limits = siteLimits(io.env);
  const queue = await openQueueOption(written, io);
  try {
    const portions = await portionsOf(entries, new Destinations(input, stopping.signal), stopping.signal);
    const messages = portions.map(({ site, entries: own }) =>
      jobMessage(
        loaded,
        asked,
        { ...paceOf(limits, site, own.length), ...input, emails: own.map(({ email }) => email.slice(0, MAX_CHARACTERS)) },
        { ...BACKOFF, key: site === "" ? null : site.slice(0, MAX_KEY) },
      ),
    );
    if (stopping.signal.aborted) return EXIT.failed;
    await queue.jobs.push(messages);
    const sites = new Set(portions.map(({ site }) => site)).size;
    await io.out(`${counted(messages.length, "job")} for ${counted(entries.length, "address", "addresses")} of ${counted(sites, "site")}\n`);
    return EXIT.ok;
  } finally {
    stopListening();
    await queue.close();
  }
}

/** The contract of a job limits the length of a key. */
const MAX_KEY = 512;
