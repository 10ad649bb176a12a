import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface RecordingProbe {
  readonly path: string;
  /** What has begun: the `id` of each input, in the order of its beginning, and the process that ran it. */
  begun(): { readonly id: number; readonly pid: number }[];
}

/** A probe in a file that records each run in a file before it does what its input says. */
export function writeRecordingProbe(folder: string): RecordingProbe {
  const path = join(folder, "recording.mjs");
  const record = join(folder, "begun.txt");
  writeFileSync(record, "");
  writeFileSync(path, codeOf(record));
  const begun = () => {
    const lines = readFileSync(record, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => line.split(" ").map(Number)).map(([id, pid]) => ({ id: id as number, pid: pid as number }));
  };
  return { path, begun };
}

const codeOf = (record: string): string => `
import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { contract, defineProbe, outputOf } from "probe-run";
export default defineProbe({
  name: "acme.recording", summary: "s", version: "1.0.0", needs: [],
  input: contract({
    type: "object",
    properties: { id: { type: "integer" }, act: { type: "string" }, file: { type: "string" } },
    required: ["id"], additionalProperties: false,
  }),
  output: contract(outputOf({ pid: { type: "integer" } })),
  async run({ id, act, file }, { signal }) {
    appendFileSync(${JSON.stringify(record)}, id + " " + process.pid + "\\n");
    if (act === "until") while (!existsSync(file) && !signal.aborted) await sleep(5);
    if (act === "kill") process.kill(process.pid, "SIGKILL");
    if (act === "pause") await sleep(id % 5);
    return { status: "ok", failure: null, pid: process.pid };
  },
});`;
