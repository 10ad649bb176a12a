import type { Advice, Check, RecordChange } from "../../schemas/check.js";
import { RECORD_TYPES } from "../../schemas/dns-types.js";
import type { RecordType } from "../net/dns/records.js";
import type { Questions } from "./questions.js";

/**
 * The same checks, whose changes are made where the records are: beside an alias (CNAME) a name can have no other record. One that leads to no name at
 * all is removed first.
 */
export function changedAtAliases(checks: readonly Check[], { answered }: Pick<Questions, "answered">): Check[] {
  return checks.map((check) => (check.advice === null || check.advice.change.length === 0 ? check : { ...check, advice: followed(check.advice, answered) }));
}

function followed(advice: Advice, answered: Questions["answered"]): Advice {
  const notes: string[] = [];
  const change = advice.change.flatMap((each): RecordChange[] => {
    const answer = each.type in RECORD_TYPES ? answered(each.name, each.type as RecordType) : null;
    const target = answer?.aliases.at(-1);
    if (target === undefined) return [each];
    if (answer?.outcome === "no_such_name") return [{ name: each.name, type: "CNAME", old: `${answer.aliases[0]}.`, new: null }, each];
    notes.push(`${each.name} is an alias of ${target}: the record is changed there, and for every name that leads to it.`);
    return [{ ...each, name: target }];
  });
  if (notes.length === 0) return { ...advice, change };
  return { ...advice, change, risk: [...new Set([...(advice.risk === null ? [] : [advice.risk]), ...notes])].join(" ") };
}
