import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { programPath } from "./programs.js";

export interface DigRecord {
  readonly name: string;
  readonly ttl: number;
  readonly type: string;
  readonly data: string;
}

export interface DigAnswer {
  readonly rcode: string;
  /** Of those that an output has. */
  readonly flags: readonly string[];
  readonly answer: readonly DigRecord[];
  readonly authority: readonly DigRecord[];
}

const SHOWN = ["+noall", "+comments", "+answer", "+authority", "+nosplit", "+norrcomments", "+ttlid"];
/** As network.dns asks by default: one try, EDNS with this size, no cookie. */
const ASKED = ["+nocookie", "+tries=1", "+time=10", "+bufsize=1232"];

/** What dig, BIND's client, gets for several questions, all asked by one process, in their order. */
export async function digAnswers(
  folder: string,
  port: number,
  questions: readonly (readonly [name: string, type: string])[],
  options: readonly string[] = [],
): Promise<DigAnswer[]> {
  const file = join(folder, "questions");
  writeFileSync(file, `${questions.map(([name, type]) => `-q ${name}. -t ${type}`).join("\n")}\n`);
  // -r: without the settings of the user.
  const words = ["-r", "@127.0.0.1", "-p", String(port), ...ASKED, ...SHOWN, ...options, "-f", file];
  const { stdout } = await promisify(execFile)(programPath("dig") as string, words, { timeout: 60_000 });
  const answers = stdout.split(/^;; Got answer:$/m).slice(1);
  if (answers.length !== questions.length) throw new Error(`dig answered ${answers.length} of ${questions.length} questions: ${stdout}`);
  return answers.map(answerIn);
}

function answerIn(text: string): DigAnswer {
  const [, rcode = ""] = /status: ([A-Z0-9]+)/.exec(text) ?? [];
  const [, flags = ""] = /^;; flags:([a-z ]*);/m.exec(text) ?? [];
  const sections = new Map(text.split(/^;; (?=[A-Z]+ SECTION:)/m).map((section) => [section.split(" ")[0] as string, section]));
  return {
    rcode,
    flags: flags.split(" ").filter((flag) => flag !== "" && flag !== "qr"),
    answer: recordsIn(sections.get("ANSWER")),
    authority: recordsIn(sections.get("AUTHORITY")),
  };
}

function recordsIn(section = ""): DigRecord[] {
  return [...section.matchAll(/^([^;\s]\S*)\s+(\d+)\s+IN\s+(\S+)\s+(.*)$/gm)].map(([, name = "", ttl, type = "", data = ""]) => ({
    name: name === "." ? name : name.replace(/\.$/, "").toLowerCase(),
    ttl: Number(ttl),
    type,
    data: data.trim(),
  }));
}
