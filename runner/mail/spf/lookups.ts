/** What RFC 7208, section 4.6.4, and the DNS allow. */
export const SPF_LIMITS = {
  /** include, a, mx, ptr, exists and redirect, over all records of one check. */
  terms: 10,
  /** Look-ups that find nothing. */
  empty: 2,
  /** Names of one mx mechanism. */
  mailHosts: 10,
  /** Names of a reverse look-up; further ones are ignored. */
  reverseNames: 10,
  nameBytes: 253,
  labelBytes: 63,
} as const;

/** Texts of TXT (their strings joined), addresses of A and AAAA, names of MX and PTR; empty for no such record or no such name. */
export type SpfAnswer = readonly string[];

/** Rejects with a SpfError "temperror" if there is no answer. */
export type SpfResolver = (name: string, type: SpfRecordType) => Promise<SpfAnswer>;
export type SpfRecordType = "TXT" | "A" | "AAAA" | "MX" | "PTR";

/** Ends a check with an error result. */
export class SpfError extends Error {
  override readonly name = "SpfError";

  constructor(
    readonly result: "temperror" | "permerror",
    message: string,
  ) {
    super(message);
  }
}

/** A question of a check. Its evaluation is a generator that yields them, so that it waits once for each answer and not in every function above it. */
export interface SpfAsk {
  readonly name: string;
  readonly type: SpfRecordType;
}

/** Yields questions, is given their answers, and returns a result. */
export type Asking<Result> = Generator<SpfAsk, Result, SpfAnswer>;

export async function answeredBy<Result>(resolver: SpfResolver, asking: Asking<Result>): Promise<Result> {
  let step = asking.next();
  while (step.done !== true) {
    let answer: SpfAnswer;
    try {
      answer = await resolver(step.value.name, step.value.type);
    } catch (error) {
      step = asking.throw(error);
      continue;
    }
    step = asking.next(answer);
  }
  return step.value;
}

/** The look-ups of one check, and how many are left. */
export class SpfLookups {
  terms = 0;
  /** The questions that found nothing. */
  readonly empty: string[] = [];

  /** Counts a term of the record of a domain. */
  countTerm(term: string, domain: string): void {
    this.terms += 1;
    if (this.terms > SPF_LIMITS.terms) throw new SpfError("permerror", `${term} of ${domain} is one DNS look-up more than the ${SPF_LIMITS.terms} allowed`);
  }

  /** Asks for what a term needs, whose empty answers count. */
  *ask(name: string, type: SpfRecordType): Asking<SpfAnswer> {
    const answer = yield { name, type };
    if (answer.length === 0) {
      this.empty.push(`${type} ${name}`);
      if (this.empty.length > SPF_LIMITS.empty)
        throw new SpfError("permerror", `${type} ${name} is one empty DNS answer more than the ${SPF_LIMITS.empty} allowed`);
    }
    return answer;
  }
}
