import type { DnsInput } from "../../../schemas/dns.js";
import type { Answer } from "./answer.js";
import { isCertain } from "./answer.js";
import type { LookUpTimeouts } from "./ask-servers.js";
import { Cache, type CacheOptions } from "./cache.js";
import { addressesFromHosts, isLocalhost, LOOPBACK } from "./hosts-file.js";
import { LOOKUP_TIMEOUT_MS, TRIES, TRY_TIMEOUT_MS } from "./limits.js";
import { lookUp } from "./look-up.js";
import type { Question } from "./message.js";
import { requireDnsName } from "./name.js";
import type { DataOf, RecordType } from "./records.js";
import { parseServer, type ServerAddress } from "./server-address.js";
import type { SharedCache } from "./shared-cache.js";
import { type Ending, SingleFlight } from "./single-flight.js";
import { systemServers } from "./system-servers.js";

export interface LookUpOptions {
  /** Instead of the system's. */
  readonly servers?: readonly string[] | undefined;
  readonly tryTimeoutMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly tries?: number;
  readonly cache?: DnsInput["cache"] | undefined;
  /** Requests DNSSEC signatures, for callers that rely on authenticated answers. */
  readonly dnssec?: boolean | undefined;
  /** The run that wants to know: the look-up ends with it. */
  readonly ending?: Ending;
}

export interface ResolverOptions extends CacheOptions {
  shared?: SharedCache | null;
}

/** Asks name servers, remembers what they said, and asks only once what several want to know at the same time. */
export class Resolver {
  readonly cache: Cache;
  readonly #shared: SharedCache | null;
  readonly #flights = new Map<string, SingleFlight<Answer>>();

  constructor({ shared = null, ...options }: ResolverOptions = {}) {
    this.cache = new Cache(options);
    this.#shared = shared;
  }

  /** Rejects only when the deadline expires or the question is invalid: no answer is data. */
  async query<Type extends RecordType>(name: string, type: Type, options: LookUpOptions = {}): Promise<Answer<Type>> {
    const question: Question = { name: requireDnsName(name), type, ...(options.dnssec === true ? { dnssec: true } : {}) };
    return (fromHost(question, options) ?? (await this.#ask(question, options))) as Answer<Type>;
  }

  #ask(question: Question, options: LookUpOptions): Answer | Promise<Answer> {
    const servers = options.servers === undefined ? systemServers() : parsed(options.servers);
    const use = options.cache ?? "use";
    const key = `${question.type} ${question.name} ${textOf(servers)}${question.dnssec === true ? " DO" : ""}`;
    const known = use === "use" ? this.#known(key) : null;
    if (known !== null) return known;
    if (use !== "off") return this.#join(key, servers, question, options);
    return new SingleFlight<Answer>((done) => lookUp(servers, question, timeoutsOf(options), done)).join(options.ending ?? null, () => {});
  }

  #known(key: string): Answer | null {
    const own = this.cache.get(key);
    if (own !== null || this.#shared === null) return own;
    const shared = this.#shared.get(key);
    if (shared === null) return null;
    this.cache.keep(key, shared.answer, shared.expiresAt);
    return this.cache.get(key);
  }

  /** A caller with a longer timeout does not share the shorter timeout of another. */
  #join(key: string, servers: readonly ServerAddress[], question: Question, options: LookUpOptions): Promise<Answer> {
    const timeouts = timeoutsOf(options);
    const flightKey = `${key} ${timeouts.timeoutMs} ${timeouts.tryTimeoutMs} ${timeouts.tries}`;
    const land = (): boolean => this.#flights.delete(flightKey);
    let flight = this.#flights.get(flightKey);
    if (flight === undefined) {
      flight = new SingleFlight<Answer>((done) =>
        lookUp(servers, question, timeouts, (answer) => {
          land();
          this.#remember(key, answer, timeouts);
          done(answer);
        }),
      );
      this.#flights.set(flightKey, flight);
    }
    return flight.join(options.ending ?? null, land);
  }

  #remember(key: string, answer: Answer, { timeoutMs }: LookUpTimeouts): void {
    // A timeout under one caller's short limit is no result for the others.
    if (answer.outcome === "timeout" && timeoutMs < LOOKUP_TIMEOUT_MS) return;
    this.cache.set(key, answer);
    const lifeMs = this.cache.lifeOf(answer) * 1000;
    if (isCertain(answer) && lifeMs > 0) this.#shared?.set(key, answer, this.cache.now() + lifeMs);
  }
}

function timeoutsOf({ tryTimeoutMs = TRY_TIMEOUT_MS, timeoutMs = LOOKUP_TIMEOUT_MS, tries = TRIES }: LookUpOptions): LookUpTimeouts {
  return { tryTimeoutMs, timeoutMs, tries };
}

const parsedServers = new Map<string, ServerAddress>();
/** All questions of a run name the same list. */
const parsedLists = new WeakMap<readonly string[], readonly ServerAddress[]>();

function parsed(servers: readonly string[]): readonly ServerAddress[] {
  const known = parsedLists.get(servers);
  if (known !== undefined) return known;
  const list = servers.map((text) => {
    const server = parsedServers.get(text) ?? parseServer(text);
    if (parsedServers.size < 1000) parsedServers.set(text, server);
    return server;
  });
  parsedLists.set(servers, list);
  return list;
}

function textOf(servers: readonly ServerAddress[]): string {
  return servers.length === 1 ? (servers[0] as ServerAddress).text : servers.map(({ text }) => text).join(" ");
}

/** What this machine knows without asking: what localhost is, and its table of hosts where its own servers would be asked. */
function fromHost({ name, type }: Question, { servers }: LookUpOptions): Answer | null {
  if (type !== "A" && type !== "AAAA") return null;
  const addresses = isLocalhost(name) ? LOOPBACK : servers === undefined ? addressesFromHosts(name) : null;
  if (addresses === null) return null;
  const records: readonly DataOf<"A">[] = addresses.filter((address) => address.includes(":") === (type === "AAAA"));
  const outcome = records.length > 0 ? "found" : "no_data";
  return {
    outcome,
    rcode: null,
    records,
    aliases: [],
    ttl: null,
    authenticated: false,
    server: null,
    fromCache: false,
    authority: [],
    extendedErrors: [],
    problem: null,
  };
}
