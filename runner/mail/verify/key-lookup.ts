import type { Answer } from "../../net/dns/answer.js";
import { txtText } from "../../net/dns/txt-text.js";

/** Asks for the TXT records of a name. What no server could answer is in the outcome. */
export type TxtLookup = (name: string) => Promise<TxtAnswer>;

export interface TxtAnswer {
  readonly outcome: Answer["outcome"];
  /** Each record with its strings joined. */
  readonly texts: readonly string[];
  /** Why there is no answer, in words; null if there is one. */
  readonly problem: string | null;
}

export function textsOf(answer: Answer<"TXT">): TxtAnswer {
  return { outcome: answer.outcome, texts: answer.records.map(txtText), problem: answer.problem };
}

/** True if the answer is unknown for now: a later question may get it. */
export function isUnanswered({ outcome }: TxtAnswer): boolean {
  return outcome !== "found" && outcome !== "no_data" && outcome !== "no_such_name";
}

/** One question for each name, however many signatures and walks ask for it. */
export function onceEach(ask: TxtLookup): TxtLookup {
  const asked = new Map<string, ReturnType<TxtLookup>>();
  return (name) => {
    const known = asked.get(name) ?? ask(name);
    asked.set(name, known);
    return known;
  };
}
