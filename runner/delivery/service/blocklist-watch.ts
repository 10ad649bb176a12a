import type { BlocklistAnswer } from "../../../schemas/blocklist.js";
import { run } from "../../harness/run.js";
import { labels, metric, type Sample } from "../../support/prometheus.js";
import { BlocklistedError } from "./blocklisted-error.js";
import type { ServiceOptions } from "./options.js";

/** What block lists say of the addresses that a service sends from. */
export interface BlocklistState {
  /** When they were asked last; null before the first time. */
  readonly checked_at: string | null;
  readonly listed: readonly Pick<BlocklistAnswer, "target" | "list" | "codes" | "text">[];
  readonly not_listed: number;
  /** A list that did not answer, or cannot be believed, says nothing of an address. */
  readonly unknown: number;
}

/** Asks block lists for a service's own addresses, now and then, for as long as it is open. */
export class BlocklistWatch {
  readonly #closing = new AbortController();
  readonly #told = new Set<string>();
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

  /** An address has a series for each list that is asked, and only where it is known what that says. */
  metrics(): string[] {
    const unknown: Sample[] = this.#checkedAt === null ? [] : [["", this.#with("unknown").length]];
    const known = this.#answers.filter(({ result }) => result !== "unknown");
    return [
      ...metric(
        "probe_run_delivery_blocklisted",
        "gauge",
        "1 where a block list has a source address, 0 where it has not.",
        known.map(({ target, list, result }) => [labels({ source: target, list }), result === "listed" ? 1 : 0]),
      ),
      ...metric("probe_run_delivery_blocklist_unknown", "gauge", "Source addresses and lists of which nobody knows.", unknown),
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
    for (const answer of answers) this.#tell(answer);
  }

  /** Once, and again only when it had been taken off in between: that nobody knows just now is no news. */
  #tell(answer: BlocklistAnswer): void {
    const key = `${answer.target} ${answer.list}`;
    if (answer.result === "not_listed") this.#told.delete(key);
    if (answer.result !== "listed" || this.#told.has(key)) return;
    this.#told.add(key);
    this.onTrouble(new BlocklistedError(answer));
  }
}

/** The addresses whose reputation a service sends with. */
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

/** Nobody waits for it, and lists may be many and slow. */
const CHECK_TIMEOUT_MS = 300_000;

/** Services that were started together do not ask together for ever. */
function jittered(intervalMs: number): number {
  return intervalMs * (0.9 + Math.random() * 0.2);
}
