import { type Answer, failureOfAnswer, isCertain } from "../../net/dns/answer.js";
import type { DataOf, RecordType } from "../../net/dns/records.js";
import { txtText } from "../../net/dns/txt-text.js";
import { type SpfAnswer, SpfError, type SpfRecordType, type SpfResolver } from "./lookups.js";

/** A resolver's answers as an SPF check needs them. */
export function spfResolver(query: <Type extends RecordType>(name: string, type: Type) => Promise<Answer<Type>>): SpfResolver {
  return async (name, type) => {
    const answer: Answer = await query(name, type);
    if (!isCertain(answer)) throw new SpfError("temperror", failureOfAnswer(answer, `${type} ${name}`).message);
    return answer.outcome === "found" ? textsOf(answer, type) : NO_TEXTS;
  };
}

const NO_TEXTS: SpfAnswer = [];

/** A check for each address that sends gets the same answers again. */
const known = new WeakMap<Answer, SpfAnswer>();

function textsOf(answer: Answer, type: SpfRecordType): SpfAnswer {
  let texts = known.get(answer);
  if (texts === undefined) {
    texts = answer.records.map((record) => textOf(record, type));
    known.set(answer, texts);
  }
  return texts;
}

function textOf(record: DataOf<RecordType>, type: SpfRecordType): string {
  if (type === "TXT") return txtText(record as DataOf<"TXT">);
  return type === "MX" ? (record as DataOf<"MX">).exchange : String(record);
}
