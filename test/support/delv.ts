import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** What delv, BIND's validator, says of a question, in our words; `ds` is the trust anchor as a master file has it. */
export async function delvVerdict(folder: string, port: number, ds: string, name: string, type: string): Promise<"secure" | "insecure" | "bogus"> {
  const [zone = "", ...rest] = ds
    .replace(/\bIN\b|\b\d+\s+IN\b/g, "")
    .trim()
    .split(/\s+/);
  const [, tag, algorithm, digestType, ...digest] = rest;
  const file = join(folder, "anchors.conf");
  writeFileSync(file, `trust-anchors { "${zone}" static-ds ${tag} ${algorithm} ${digestType} "${digest.join("")}"; };\n`);
  const options = ["@127.0.0.1", "-p", String(port), "-a", file, `+root=${zone}`, name, type];
  const { stdout, stderr } = await promisify(execFile)("delv", options, { timeout: 20_000 }).catch((error: { stdout: string; stderr: string }) => error);
  const said = `${stdout}\n${stderr}`;
  // After an alias that is good, its target may fail; names that do not exist "fail", too.
  if (/resolution failed: (?!ncache)/.test(said)) return "bogus";
  if (/; unsigned answer|; negative response, unsigned/.test(said)) return "insecure";
  if (/; fully validated|; negative response, fully validated/.test(said)) return "secure";
  throw new Error(`delv says something else: ${said}`);
}
