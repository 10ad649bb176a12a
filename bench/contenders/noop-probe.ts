import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";

const input = contract({ type: "object", properties: { host: { type: "string" } }, required: ["host"], additionalProperties: false });
const output = contract(outputOf({ host: { type: "string" } }));

/** A probe that does nothing: what is left is what the queue and the harness cost. */
export default defineProbe({ name: "bench.noop", summary: "Does nothing.", version: "1.0.0", needs: [], input, output, run });

async function run({ host }: FilledOf<typeof input>): Promise<Evidence<FilledOf<typeof output>>> {
  return { status: "ok", failure: null, host };
}
