/** What one conversation (greeting, EHLO, NOOP, QUIT) tells of NOOP: when it was sent, how long its reply took to come, and the reply. */
export interface NoopAnswer {
  /** A reading of performance.now(). */
  readonly sentAt: number;
  readonly milliseconds: number;
  readonly text: string;
}

export interface Prober<Result> {
  /** Holds one whole conversation with a server on the loopback, in the clear. Rejects when any of it went wrong. */
  probe(port: number): Promise<Result>;
  /** Apart, so that taking a result to pieces is not counted as the probe's work. */
  noopOf(result: Result): NoopAnswer;
}

/** The name that every contender says in EHLO: as many bytes for each. */
export const HELO_DOMAIN = "bench.example";
