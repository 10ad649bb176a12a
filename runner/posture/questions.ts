import type { CheckEvidence } from "../../schemas/check.js";
import type { Failure } from "../../schemas/failure.js";
import type { Answer } from "../net/dns/answer.js";
import { failureOfOutcome, isCertain } from "../net/dns/answer.js";
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
  /** Different questions so far. */
  readonly count: number;
  /** The same questions, asked through another resolver from now on: the operations of a part bear its name. */
  through(resolver: Pick<ResolverGrant, "query">): Questions;
}

export function questionsOf(resolver: Pick<ResolverGrant, "query">, asking: QueryOptions): Questions {
  return questionsAmong({ asked: new Map(), known: new Map() }, resolver, asking);
}

interface Asked {
  readonly asked: Map<string, Promise<Answer>>;
  readonly known: Map<string, Answer>;
}

function questionsAmong(all: Asked, resolver: Pick<ResolverGrant, "query">, asking: QueryOptions): Questions {
  const { asked, known } = all;
  const ask = <Type extends RecordType>(name: string, type: Type): Promise<Answer<Type>> => {
    const key = keyOf(name, type);
    let answer = asked.get(key);
    if (answer === undefined) {
      answer = (dnsName(name) === null ? Promise.resolve(NO_NAME) : resolver.query(name, type, { ...asking, dnssec: true })) as Promise<Answer>;
      asked.set(key, answer);
      answer.then(
        (found) => known.set(key, found),
        () => {},
      );
    }
    return answer as Promise<Answer<Type>>;
  };
  return {
    ask,
    texts: async (name) => (await ask(name, "TXT")).records.slice(0, MAX_TEXTS).map(txtText),
    evidence: (name, type) => {
      const answer = known.get(keyOf(name, type));
      return answer === undefined ? [] : evidenceOf(name, type, answer);
    },
    get count() {
      return asked.size;
    },
    through: (other) => questionsAmong(all, other, asking),
  };
}

/** A name that serves a standard has one record; a hostile one may have as many as fit into a message. */
const MAX_TEXTS = 200;

function keyOf(name: string, type: RecordType): string {
  return `${type} ${name.toLowerCase().replace(/\.$/, "")}`;
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

/** Why a question has no answer, in words. */
export function whyUnknown(answer: Pick<Answer, "outcome" | "problem">, what: string): string {
  return answer.problem === null ? failureOfOutcome(answer.outcome, what).message : `${what}: ${answer.problem}`;
}

/** For a probe that rests on one question: to get no answer to it is a failure of the run. */
export async function unansweredFailure(questions: Questions, name: string, type: RecordType): Promise<Failure | null> {
  const answer = await questions.ask(name, type);
  return isCertain(answer) ? null : failureOfOutcome(answer.outcome, `${type} ${name}`);
}
