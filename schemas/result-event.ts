import { contract, type FilledOf } from "./contract.js";
import { eventOf } from "./event.js";

export const RESULT_TYPE = "probe-run.result";

/** The result of a run: `data` is the queue side of its envelope, following the contract of the version named in `subject`. */
const schema = eventOf(RESULT_TYPE, { type: "object" }, 240);

export const resultEventContract = contract(schema);

export type ResultEvent = FilledOf<typeof resultEventContract>;

/** The id of a job's result, the same for every worker and attempt; `part` numbers interim results. */
export function resultIdOf(jobId: string, part: number | null): string {
  return part === null ? `${jobId}:result` : `${jobId}:result:${part}`;
}
