import { dirname } from "node:path";
import type { DeliveryClass } from "../../../schemas/delivery-outcome.js";
import type { DeliveryWay } from "../../../schemas/delivery-route.js";
import type { Random } from "../../net/dns/shuffle.js";
import { type Driver, openDriver, type Statement } from "../../sqlite/driver.js";
import { IN_MEMORY } from "../../sqlite/store-path.js";
import { inTransaction } from "../../sqlite/transaction.js";
import { makePrivateFolders } from "../../support/private-file.js";
import type { ChosenWay, Recipient } from "../message/recipient.js";
import type { Decision } from "../outcome/decision.js";

/** In the same folder as the default queue. */
const DEFAULT_ROUTES = ".probe-run/routes.db";

/** PROBE_RUN_ROUTES names the file that processes share. */
export function routesFile(env: Readonly<Record<string, string | undefined>>): string {
  return env.PROBE_RUN_ROUTES || DEFAULT_ROUTES;
}

/** The experience with one route to one site. An event of a day ago has half the weight of a current one. */
interface Experience {
  readonly tries: number;
  readonly good: number;
  /** The mean of successful deliveries, in milliseconds. */
  readonly latencyMs: number;
  readonly at: number;
}

const HALF_LIFE_MS = 86_400_000;
/** How often the worse route is tried, so that improvements are noticed. */
const EXPLORED = 0.05;
/** With less experience than this, a route counts as unknown. */
const LEAST_TRIES = 0.5;
/** Routes that differ by less than this count as equal, and the faster one is used. */
const AS_GOOD = 0.05;
/** After ten half-lives an experience no longer matters. */
const FORGOTTEN_AFTER_MS = 10 * HALF_LIFE_MS;

/**
 * Learns which route works for which site. Stored in a SQLite file, so that it survives restarts and is shared by processes. It is a cache: if the
 * file cannot be used, it starts empty in memory.
 */
export class RouteStatistics {
  #store: RouteStore | null = null;

  constructor(
    readonly path: string = IN_MEMORY,
    readonly now: () => number = Date.now,
  ) {}

  /** Records the outcome of some recipients by one route. Refusals of a mailbox or the message say nothing about the route. */
  note(way: DeliveryWay, recipients: readonly Pick<Recipient, "site" | "decision">[], latencyMs: number): void {
    for (const { site, decision } of recipients) {
      if (site === null || decision === null) continue;
      if (decision.kind !== "delivered" && !isAgainstTheWay(decision)) continue;
      this.#open().add(site, way, (known) => added(decayed(known, this.now()), decision.kind === "delivered", latencyMs));
    }
  }

  /** The route to use, and why. Direct if nothing is known. */
  choose(site: string, random: Random): ChosenWay {
    const direct = decayed(this.#open().get(site, "direct"), this.now());
    const relay = decayed(this.#open().get(site, "relay"), this.now());
    if (direct.tries < LEAST_TRIES && relay.tries < LEAST_TRIES) {
      return { way: "direct", reason: "nothing_known", explanation: `there are no statistics for ${site} yet: direct is tried first` };
    }
    const best = better(direct, relay);
    const words = `direct ${inWords(direct)}; through a relay ${inWords(relay)}`;
    if (random() >= EXPLORED) return { way: best, reason: "learned", explanation: `${words}: ${best} works better` };
    const other = best === "direct" ? "relay" : "direct";
    return { way: other, reason: "explored", explanation: `${words}: ${best} works better, and ${other} is tried to see whether it has improved` };
  }

  close(): void {
    this.#store?.close();
    this.#store = null;
  }

  #open(): RouteStore {
    try {
      this.#store ??= new RouteStore(this.path, this.now());
    } catch {
      this.#store = new RouteStore(IN_MEMORY, this.now());
    }
    return this.#store;
  }
}

const FORMAT = 1;
const BUSY_MS = 1000;

class RouteStore {
  readonly #driver: Driver;
  readonly #get: Statement;
  readonly #set: Statement;

  constructor(path: string, now: number) {
    if (path !== IN_MEMORY) makePrivateFolders(dirname(path));
    this.#driver = openDriver(path);
    this.#driver.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${TABLE}`);
    this.#driver.prepare(`DELETE FROM route_${FORMAT} WHERE at < ?`).run(now - FORGOTTEN_AFTER_MS);
    this.#get = this.#driver.prepare(`SELECT tries, good, latency_ms AS latencyMs, at FROM route_${FORMAT} WHERE site = ? AND way = ?`);
    this.#set = this.#driver.prepare(
      `INSERT INTO route_${FORMAT} (site, way, tries, good, latency_ms, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (site, way) DO UPDATE SET
       tries = excluded.tries, good = excluded.good, latency_ms = excluded.latency_ms, at = excluded.at`,
    );
  }

  get(site: string, way: DeliveryWay): Experience | null {
    return ((this.#get.all(site, way) as Experience[])[0] ?? null) as Experience | null;
  }

  /** Adds to what other processes have learned in the meantime. */
  add(site: string, way: DeliveryWay, change: (known: Experience | null) => Experience): void {
    try {
      inTransaction(this.#driver, () => {
        const { tries, good, latencyMs, at } = change(this.get(site, way));
        this.#set.run(site, way, tries, good, latencyMs, at);
      });
    } catch {
      // If another process locks the file or the disk is full, this observation is lost, but no mail.
    }
  }

  close(): void {
    this.#driver.close();
  }
}

const TABLE = `CREATE TABLE IF NOT EXISTS route_${FORMAT} (
  site TEXT NOT NULL, way TEXT NOT NULL, tries REAL NOT NULL, good REAL NOT NULL, latency_ms REAL NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (site, way)
) STRICT, WITHOUT ROWID`;

/** A relay retries by itself, so a success after a retry, as after greylisting, also counts for the relay. */
const AGAINST_THE_WAY: ReadonlySet<DeliveryClass> = new Set([
  "policy",
  "reputation",
  "auth",
  "rate",
  "greylist",
  "network",
  "tls",
  "routing",
  "configuration",
  "protocol",
]);

function isAgainstTheWay({ kind, class: found }: Decision): boolean {
  return kind !== "unknown" && found !== null && AGAINST_THE_WAY.has(found);
}

function added({ tries, good, latencyMs, at }: Experience, isGood: boolean, tookMs: number): Experience {
  if (!isGood) return { tries: tries + 1, good, latencyMs, at };
  return { tries: tries + 1, good: good + 1, latencyMs: (latencyMs * good + tookMs) / (good + 1), at };
}

function decayed(experience: Experience | null, now: number): Experience {
  if (experience === null) return { tries: 0, good: 0, latencyMs: 0, at: now };
  const share = 0.5 ** (Math.max(0, now - experience.at) / HALF_LIFE_MS);
  return { tries: experience.tries * share, good: experience.good * share, latencyMs: experience.latencyMs, at: now };
}

/** The share of successes: it starts at a half, and moves away from it with experience. */
function scoreOf({ tries, good }: Experience): number {
  return (good + 1) / (tries + 2);
}

function better(direct: Experience, relay: Experience): DeliveryWay {
  const lead = scoreOf(direct) - scoreOf(relay);
  if (Math.abs(lead) > AS_GOOD || relay.good < LEAST_TRIES || direct.good < LEAST_TRIES) return lead >= 0 ? "direct" : "relay";
  return direct.latencyMs <= relay.latencyMs ? "direct" : "relay";
}

function inWords({ tries, good, latencyMs }: Experience): string {
  if (tries < LEAST_TRIES) return "was not tried lately";
  const time = good >= LEAST_TRIES ? ` in ${Math.round(latencyMs)} ms` : "";
  return `delivered ${rounded(good)} of ${rounded(tries)}${time}`;
}

function rounded(count: number): string {
  return String(Math.round(count * 10) / 10);
}
