import { type Answer, failureOfOutcome, isCertain } from "../../net/dns/answer.js";
import type { DataOf, RecordType } from "../../net/dns/records.js";
import { txtText } from "../../net/dns/txt-text.js";
import { SpfError, type SpfResolver } from "./lookups.js";

/** A resolver's answers as an SPF check needs them. */
export function spfResolver(query: <Type extends RecordType>(name: string, type: Type) => Promise<Answer<Type>>): SpfResolver {
  return async (name, type) => {
    const answer: Answer = await query(name, type);
    if (!isCertain(answer)) throw new SpfError("temperror", failureOfOutcome(answer.outcome, `${type} ${name}`).message);
    if (answer.outcome !== "found") return [];
    return answer.records.map((record) => {
      if (type === "TXT") return txtText(record as DataOf<"TXT">);
      return type === "MX" ? (record as DataOf<"MX">).exchange : String(record);
    });
  };
}
