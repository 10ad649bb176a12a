import type { BlocklistAnswer } from "../../../schemas/blocklist.js";
import { run } from "../../harness/run.js";
import { labels, metric, type Sample } from "../../support/prometheus.js";
import { BlocklistedError } from "./blocklisted-error.js";
import type { ServiceOptions } from "./options.js";

/** The block list status of the addresses that a service sends from. */
export interface BlocklistState {
  /** The time of the last check; null before the first. */
  readonly checked_at: string | null;
  readonly listed: readonly Pick<BlocklistAnswer, "target" | "list" | "codes" | "text">[];
  readonly not_listed: number;
  /** Lists that did not answer, or whose answers cannot be trusted. */
  readonly unknown: number;
}

/** Checks a service's own addresses against block lists at intervals while it is open. */
export class BlocklistWatch {
  readonly #closing = new AbortController();
  readonly #reported = new Set<string>();
  #answers: readonly BlocklistAnswer[] = [];
  #checkedAt: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void>;

  constructor(
    readonly options: ServiceOptions,
    readonly onTrouble: (error: unknown) => void,
  ) {
    this.#checking = this.#check();
  }

  shown(): BlocklistState {
    const listed = this.#with("listed").map(({ target, list, codes, text }) => ({ target, list, codes, text }));
    return { checked_at: this.#checkedAt, listed, not_listed: this.#with("not_listed").length, unknown: this.#with("unknown").length };
  }

  /** One series for each address and list with a known answer. */
  metrics(): string[] {
    const unknown: Sample[] = this.#checkedAt === null ? [] : [["", this.#with("unknown").length]];
    const known = this.#answers.filter(({ result }) => result !== "unknown");
    return [
      ...metric(
        "probe_run_delivery_blocklisted",
        "gauge",
        "1 if a block list lists a source address, 0 if not.",
        known.map(({ target, list, result }) => [labels({ source: target, list }), result === "listed" ? 1 : 0]),
      ),
      ...metric("probe_run_delivery_blocklist_unknown", "gauge", "Source addresses and lists whose answer is unknown.", unknown),
    ];
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#closing.abort();
    await this.#checking;
  }

  #with(result: BlocklistAnswer["result"]): BlocklistAnswer[] {
    return this.#answers.filter((answer) => answer.result === result);
  }

  async #check(): Promise<void> {
    try {
      const { output } = await run("mail.blocklist", inputOf(this.options), { signal: this.#closing.signal });
      if (!this.#closing.signal.aborted) this.#take((output as { answers: BlocklistAnswer[] }).answers);
    } catch (error) {
      this.onTrouble(error);
    }
    if (this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#checking = this.#check();
    }, jittered(this.options.blocklist_interval_ms)).unref();
  }

  #take(answers: readonly BlocklistAnswer[]): void {
    this.#answers = answers;
    this.#checkedAt = new Date().toISOString();
    for (const answer of answers) this.#report(answer);
  }

  /** Reported once, and again only after it was removed in between: an unknown answer changes nothing. */
  #report(answer: BlocklistAnswer): void {
    const key = `${answer.target} ${answer.list}`;
    if (answer.result === "not_listed") this.#reported.delete(key);
    if (answer.result !== "listed" || this.#reported.has(key)) return;
    this.#reported.add(key);
    this.onTrouble(new BlocklistedError(answer));
  }
}

/** The addresses that determine the reputation of a service. */
function ownAddresses({ own_addresses: own, source_addresses: sources }: Pick<ServiceOptions, "own_addresses" | "source_addresses">): readonly string[] {
  return own.length > 0 ? own : sources;
}

function inputOf(options: ServiceOptions): Record<string, unknown> {
  const { blocklists, resolver, query_timeout_ms, lookup_timeout_ms, cache } = options;
  return {
    addresses: ownAddresses(options),
    ...(Array.isArray(blocklists) ? { address_lists: blocklists } : {}),
    ...(resolver === undefined ? {} : { resolver }),
    query_timeout_ms,
    lookup_timeout_ms,
    cache,
    timeout_ms: CHECK_TIMEOUT_MS,
  };
}

/** Nothing waits for the check, and lists may be many and slow. */
const CHECK_TIMEOUT_MS = 300_000;

/** Jitter, so that services that were started together do not stay synchronised. */
function jittered(intervalMs: number): number {
  return intervalMs * (0.9 + Math.random() * 0.2);
}
