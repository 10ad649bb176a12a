import { contract, type FilledOf } from "./contract.js";
import { eventOf } from "./event.js";

export const RESULT_TYPE = "probe-run.result";

/** What a run found: `data` is the queue side of its envelope, in the contract of the version that `subject` names. */
const schema = eventOf(RESULT_TYPE, { type: "object" }, 240);

export const resultEventContract = contract(schema);

export type ResultEvent = FilledOf<typeof resultEventContract>;

/** The id of a job's result, whoever works it off and however often; `part`: that of an interim one. */
export function resultIdOf(jobId: string, part: number | null): string {
  return part === null ? `${jobId}:result` : `${jobId}:result:${part}`;
}
