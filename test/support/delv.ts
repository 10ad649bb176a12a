import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** What delv, BIND's validator, says of a question, in our words; `ds` is the trust anchor as a master file has it. */
async function delvVerdict(folder: string, port: number, ds: string, name: string, type: string): Promise<"secure" | "insecure" | "bogus"> {
  const [zone = "", ...rest] = ds
    .replace(/\bIN\b|\b\d+\s+IN\b/g, "")
    .trim()
    .split(/\s+/);
  const [, tag, algorithm, digestType, ...digest] = rest;
  const file = join(folder, "anchors.conf");
  const anchors = `trust-anchors { "${zone}" static-ds ${tag} ${algorithm} ${digestType} "${digest.join("")}"; };\n`;
  // Others may be reading it.
  if (!existsSync(file) || readFileSync(file, "utf8") !== anchors) writeFileSync(file, anchors);
  const options = ["@127.0.0.1", "-p", String(port), "-a", file, `+root=${zone}`, name, type];
  const { stdout, stderr } = await promisify(execFile)("delv", options, { timeout: 20_000 }).catch((error: { stdout: string; stderr: string }) => error);
  const said = `${stdout}\n${stderr}`;
  // After an alias that is good, its target may fail; names that do not exist "fail", too.
  if (/resolution failed: (?!ncache)/.test(said)) return "bogus";
  if (/; unsigned answer|; negative response, unsigned/.test(said)) return "insecure";
  if (/; fully validated|; negative response, fully validated/.test(said)) return "secure";
  throw new Error(`delv says something else: ${said}`);
}

export interface Delv {
  readonly folder: string;
  readonly port: number;
  readonly ds: string;
}

/** The verdicts of several questions, in their order, four at a time. */
export async function delvVerdicts({ folder, port, ds }: Delv, questions: readonly (readonly [name: string, type: string])[]): Promise<string[]> {
  const verdicts: string[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < questions.length; index = next++) {
      const [name, type] = questions[index] as readonly [string, string];
      verdicts[index] = await delvVerdict(folder, port, ds, name, type);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return verdicts;
}
