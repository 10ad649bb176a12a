import { dirname } from "node:path";
import type { DeliveryClass } from "../../../schemas/delivery-outcome.js";
import type { DeliveryWay } from "../../../schemas/delivery-route.js";
import type { Random } from "../../net/dns/shuffle.js";
import { type Driver, openDriver, type Statement } from "../../sqlite/driver.js";
import { IN_MEMORY } from "../../sqlite/store-path.js";
import { inOneStep } from "../../sqlite/transaction.js";
import { makePrivateFolders } from "../../support/private-file.js";
import type { ChosenWay, Recipient } from "../message/recipient.js";
import type { Decision } from "../outcome/decision.js";

/** Beside the queue's own file. */
const DEFAULT_ROUTES = ".probe-run/routes.db";

/** PROBE_RUN_ROUTES names the file that processes share. */
export function routesFile(env: Readonly<Record<string, string | undefined>>): string {
  return env.PROBE_RUN_ROUTES || DEFAULT_ROUTES;
}

/** What is known of one way to one site. What happened a day ago counts half as much as what happens now. */
interface Experience {
  readonly tries: number;
  readonly good: number;
  /** The mean of the good ones, in milliseconds. */
  readonly latencyMs: number;
  readonly at: number;
}

const HALF_LIFE_MS = 86_400_000;
/** How often the way that seems worse is tried, so that an improvement is noticed. */
const EXPLORED = 0.05;
/** With less experience than this nothing is known. */
const LEAST_TRIES = 0.5;
/** Ways that differ by less than this are equally good, and the faster one is taken. */
const AS_GOOD = 0.05;
/** After ten half-lives nothing is left of an experience. */
const FORGOTTEN_AFTER_MS = 10 * HALF_LIFE_MS;

/**
 * Learns which way works for which site. It is kept in a SQLite file, so that it survives a restart and processes share it. It is a cache: if the
 * file cannot be used, it is learned anew in memory.
 */
export class RouteStatistics {
  #store: RouteStore | null = null;

  constructor(
    readonly path: string = IN_MEMORY,
    readonly now: () => number = Date.now,
  ) {}

  /** The outcome of some recipients by one way. What is about a mailbox or the message says nothing about the way. */
  note(way: DeliveryWay, recipients: readonly Pick<Recipient, "site" | "decision">[], latencyMs: number): void {
    for (const { site, decision } of recipients) {
      if (site === null || decision === null) continue;
      if (decision.kind !== "delivered" && !isAgainstTheWay(decision)) continue;
      this.#open().add(site, way, (known) => added(decayed(known, this.now()), decision.kind === "delivered", latencyMs));
    }
  }

  /** The way to take, and why. Direct if nothing is known. */
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

  /** What other processes have learned meanwhile is not lost. */
  add(site: string, way: DeliveryWay, change: (known: Experience | null) => Experience): void {
    try {
      inOneStep(this.#driver, () => {
        const { tries, good, latencyMs, at } = change(this.get(site, way));
        this.#set.run(site, way, tries, good, latencyMs, at);
      });
    } catch {
      // Another process holds the file, or the disk is full: this one observation is lost, and no mail.
    }
  }

  close(): void {
    this.#driver.close();
  }
}

const TABLE = `CREATE TABLE IF NOT EXISTS route_${FORMAT} (
  site TEXT NOT NULL, way TEXT NOT NULL, tries REAL NOT NULL, good REAL NOT NULL, latency_ms REAL NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (site, way)
) STRICT, WITHOUT ROWID`;

/** A relay retries by itself, so what a later retry would deliver, as after greylisting, also speaks for the relay. */
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

/** The share of good ones: it begins at a half, and moves away from it as experience grows. */
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
