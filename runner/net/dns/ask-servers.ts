import type { DnsOutcome } from "../../../schemas/dns.js";
import { startTimeout } from "../../run/timeout.js";
import { askServer } from "./ask-server.js";
import { type ExtendedError, extendedErrorText } from "./extended-error.js";
import { interpret, type Meaning } from "./interpret.js";
import type { Question } from "./message.js";
import type { ServerAddress } from "./server-address.js";
import { type ServerBounds, serverBounds } from "./server-bounds.js";
import type { Cancel, Outcome } from "./udp.js";

export interface LookUpTimeouts {
  /** How long a server may be silent before the next is asked beside it. */
  readonly tryTimeoutMs: number;
  readonly timeoutMs: number;
  /** How often each server is asked while it is silent. */
  readonly tries: number;
}

/** One reply, understood; or why there is none. */
export interface ServerAnswer extends Meaning {
  readonly rcode: number | null;
  readonly authenticated: boolean;
  readonly server: string | null;
  readonly extendedErrors: readonly ExtendedError[];
}

/** How long the first question had to wait for its place, before the timeouts began. */
type Done = (answer: ServerAnswer, waitedMs: number) => void;

/**
 * Asks servers in their order until one gives an answer. One that fails is passed over at once; one that is silent is waited
 * for while the next is asked beside it, and after the last the silent ones are asked again. What a question waits for its place
 * among those of its server (server-bounds.ts) is no silence of the server, and counts against none of its timeouts.
 */
export function askServers(
  servers: readonly ServerAddress[],
  question: Question,
  timeouts: LookUpTimeouts,
  done: Done,
  bounds: ServerBounds = serverBounds(),
): Cancel {
  const asking = new Asking(servers, question, timeouts, done, bounds);
  asking.start();
  return () => asking.stop();
}

class Asking {
  readonly #running = new Set<Cancel>();
  readonly #failed = new Set<ServerAddress>();
  readonly #turns: readonly ServerAddress[];
  readonly #tryTimeoutMs: number;
  #next = 0;
  #endSilence: Cancel = () => {};
  #endWait: Cancel | null = null;
  #worst: ServerAnswer | null = null;
  #isOver = false;
  readonly #begunAt = performance.now();
  #sentAt: number | null = null;

  constructor(
    servers: readonly ServerAddress[],
    readonly question: Question,
    readonly timeouts: LookUpTimeouts,
    readonly done: Done,
    readonly bounds: ServerBounds,
  ) {
    // However little time there is: each server is asked at least once, and the last one has its turn, too.
    this.#tryTimeoutMs = Math.min(timeouts.tryTimeoutMs, timeouts.timeoutMs / (servers.length + 1));
    this.#turns = Array.from({ length: timeouts.tries }, () => servers).flat();
  }

  start(): void {
    this.#askNext();
  }

  stop(): void {
    this.#isOver = true;
    this.#endWait?.();
    this.#endSilence();
    for (const end of [...this.#running]) end();
  }

  #askNext(): void {
    this.#endSilence();
    while (this.#next < this.#turns.length && this.#failed.has(this.#turns[this.#next] as ServerAddress)) this.#next += 1;
    const server = this.#turns[this.#next++];
    if (server === undefined) {
      if (this.#running.size === 0) this.#finish(this.#worst ?? silent("no name server answered"));
      return;
    }
    const place = this.bounds.place(server);
    let stop: Cancel = () => {};
    const end = (): void => {
      this.#running.delete(end);
      stop();
      place.leave();
    };
    this.#running.add(end);
    place.take(() => {
      this.#startClocks();
      stop = askServer(server, this.question, (outcome) => {
        stop = () => {};
        end();
        this.#take(server, outcome);
      });
    });
  }

  /** With the first question that is sent; the silence of a server with each. */
  #startClocks(): void {
    const { timeoutMs } = this.timeouts;
    this.#sentAt ??= performance.now();
    const silentFor = `no name server answered within ${Math.round(timeoutMs)} ms`;
    this.#endWait ??= startTimeout(timeoutMs, () => this.#finish(this.#worst ?? silent(silentFor)));
    this.#endSilence();
    this.#endSilence = startTimeout(this.#tryTimeoutMs, () => this.#askNext());
  }

  #take(server: ServerAddress, outcome: Outcome): void {
    if (this.#isOver) return;
    const answer = serverAnswerOf(server, this.question, outcome);
    if (FAILED.has(answer.outcome)) this.#passOver(server, answer);
    else this.#finish(answer);
  }

  #passOver(server: ServerAddress, answer: ServerAnswer): void {
    this.#failed.add(server);
    // A reply with an error code says more than no reply.
    if (this.#worst === null || this.#worst.rcode === null) this.#worst = answer;
    this.#askNext();
  }

  #finish(answer: ServerAnswer): void {
    if (this.#isOver) return;
    this.stop();
    this.done(answer, (this.#sentAt ?? this.#begunAt) - this.#begunAt);
  }
}

const FAILED: ReadonlySet<DnsOutcome | "elsewhere"> = new Set(["server_failure", "refused", "unusable_reply", "unreachable"] as const);

function serverAnswerOf(server: ServerAddress, question: Question, outcome: Outcome): ServerAnswer {
  if ("broken" in outcome) {
    const known: DnsOutcome = outcome.broken === "unreachable" ? "unreachable" : "unusable_reply";
    return { ...silent(`${server.text}: ${outcome.message}`), outcome: known, server: server.text };
  }
  const meaning = interpret(question, outcome);
  const { rcode, authenticated, extendedErrors } = outcome;
  const { records, aliases, ttl, authority } = meaning;
  const why = (): string => extendedErrors.map((error) => `; ${extendedErrorText(error)}`).join("");
  const problem = meaning.problem === null ? null : `${server.text}: ${meaning.problem}${why()}`;
  return { outcome: meaning.outcome, records, aliases, ttl, authority, problem, rcode, authenticated, server: server.text, extendedErrors };
}

function silent(problem: string): ServerAnswer {
  const nothing = { records: [], aliases: [], ttl: null, authority: [], rcode: null, authenticated: false, server: null, extendedErrors: [] };
  return { outcome: "timeout", ...nothing, problem };
}
