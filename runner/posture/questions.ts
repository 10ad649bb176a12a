import type { CheckEvidence } from "../../schemas/check.js";
import type { Failure } from "../../schemas/failure.js";
import type { Answer } from "../net/dns/answer.js";
import { failureOfAnswer, isCertain } from "../net/dns/answer.js";
import type { QueryOptions, ResolverGrant } from "../net/dns/capability.js";
import { dnsName } from "../net/dns/name.js";
import type { DataOf, RecordType } from "../net/dns/records.js";
import { showData } from "../net/dns/show-answer.js";
import { txtText } from "../net/dns/txt-text.js";

/** The DNS questions of one examination: each is asked once, with DNSSEC records, and its answer is kept as evidence. */
export interface Questions {
  ask<Type extends RecordType>(name: string, type: Type): Promise<Answer<Type>>;
  /** TXT records with their strings joined, at most 200; empty when there are none or no answer was obtained. */
  texts(name: string): Promise<string[]>;
  /** The answer of a question that was asked before. */
  evidence(name: string, type: RecordType): CheckEvidence[];
  /** The same, as it came; null without one. */
  answered(name: string, type: RecordType): Answer | null;
  /** Different questions so far. */
  readonly count: number;
  /** The same questions, asked through another resolver from now on: the operations of a part bear its name. */
  through(resolver: Pick<ResolverGrant, "query">): Questions;
}

export function questionsOf(resolver: Pick<ResolverGrant, "query">, asking: QueryOptions): Questions {
  return questionsAmong(new Map(), resolver, { ...asking, dnssec: true });
}

interface Asked {
  readonly promise: Promise<Answer>;
  /** Null until it is known. */
  answer: Answer | null;
}

function questionsAmong(asked: Map<string, Asked>, resolver: Pick<ResolverGrant, "query">, asking: QueryOptions): Questions {
  const ask = <Type extends RecordType>(name: string, type: Type): Promise<Answer<Type>> => {
    const key = keyOf(name, type);
    let one = asked.get(key);
    if (one === undefined) {
      one = { promise: dnsName(name) === null ? Promise.resolve(NO_NAME) : (resolver.query(name, type, asking) as Promise<Answer>), answer: null };
      asked.set(key, one);
      keepAnswer(one);
    }
    return one.promise as Promise<Answer<Type>>;
  };
  return {
    ask,
    texts: async (name) => (await ask(name, "TXT")).records.slice(0, MAX_TEXTS).map(txtText),
    evidence: (name, type) => {
      const answer = asked.get(keyOf(name, type))?.answer ?? null;
      return answer === null ? [] : evidenceOf(name, type, answer);
    },
    answered: (name, type) => asked.get(keyOf(name, type))?.answer ?? null,
    get count() {
      return asked.size;
    },
    through: (other) => questionsAmong(asked, other, asking),
  };
}

function keepAnswer(one: Asked): void {
  one.promise.then(
    (answer) => {
      one.answer = answer;
    },
    () => {},
  );
}

/** A name that serves a standard has one record; a hostile one may have as many as fit into a message. */
const MAX_TEXTS = 200;

function keyOf(name: string, type: RecordType): string {
  const absolute = name.endsWith(".") ? name.slice(0, -1) : name;
  return `${type} ${absolute.toLowerCase()}`;
}

/** A text that cannot be a name has no records. */
const NO_NAME: Answer = {
  outcome: "no_such_name",
  rcode: null,
  records: [],
  aliases: [],
  ttl: null,
  authenticated: false,
  server: null,
  fromCache: false,
  authority: [],
  extendedErrors: [],
  problem: null,
};

/** More records of one name than this are not shown: a hostile name may have thousands. */
const MAX_SHOWN = 20;
const MAX_CHARACTERS = 1000;

function evidenceOf(name: string, type: RecordType, answer: Answer): CheckEvidence[] {
  const about = { name, type, outcome: answer.outcome, authenticated: answer.authenticated, server: answer.server };
  if (answer.outcome !== "found") return [{ ...about, value: null }];
  return answer.records.slice(0, MAX_SHOWN).map((record) => ({ ...about, value: shownValue(type, record).slice(0, MAX_CHARACTERS) }));
}

function shownValue(type: RecordType, record: DataOf<RecordType>): string {
  return type === "TXT" ? txtText(record as DataOf<"TXT">) : showData(record);
}

/** For a probe that rests on one question: to get no answer to it is a failure of the run. */
export async function unansweredFailure(questions: Questions, name: string, type: RecordType): Promise<Failure | null> {
  const answer = await questions.ask(name, type);
  return isCertain(answer) ? null : failureOfAnswer(answer, `${type} ${name}`);
}
