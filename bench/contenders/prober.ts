/** What one conversation (greeting, EHLO, NOOP, QUIT) tells of NOOP: when it was sent, how long its reply took to come, and the reply. */
export interface NoopAnswer {
  /** A reading of performance.now(). */
  readonly sentAt: number;
  readonly milliseconds: number;
  readonly text: string;
}

export interface Prober {
  /** Holds one whole conversation with a server on the loopback, in the clear. Rejects when any of it went wrong. */
  probe(port: number): Promise<unknown>;
  /** The same, and watches NOOP: apart, so that watching is not counted as the probe's work. */
  timed(port: number): Promise<NoopAnswer>;
}

/** The name that every contender says in EHLO: as many bytes for each. */
export const HELO_DOMAIN = "bench.example";
