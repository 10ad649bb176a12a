import { nearest } from "../support/did-you-mean.js";
import { parsePattern } from "./line-pattern.js";
import { TranscriptError, type TranscriptProblem } from "./transcript-error.js";
import { unescapeBytes } from "./transcript-escapes.js";

/** What the peer of a test case does, step by step. docs/transcripts.md describes the format. */
export interface Transcript {
  /** The first comment: what the peer does, in a sentence. */
  description: string;
  steps: readonly Step[];
}

type PlainKind = "any" | "message" | "silence" | "close" | "reset" | "tls-stall" | "tls-garbage" | "expect-close";

export type Step = { readonly line: number } & (
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "expect"; readonly pattern: readonly string[]; readonly written: string }
  | { readonly kind: PlainKind }
  | { readonly kind: "delay" | "drip"; readonly milliseconds: number }
  | { readonly kind: "starttls" | "tls"; readonly certificate: string | null }
  | { readonly kind: "repeat"; readonly bytes: Uint8Array }
);

type Directive = (words: string, line: number) => Step;

const plain =
  (kind: PlainKind): Directive =>
  (words, line) => {
    if (words !== "") throw new Error(`@${kind} takes nothing after it, got ${JSON.stringify(words)}`);
    return { kind, line };
  };

const DIRECTIVES: Readonly<Record<string, Directive>> = {
  any: plain("any"),
  message: plain("message"),
  silence: plain("silence"),
  close: plain("close"),
  reset: plain("reset"),
  "tls-stall": plain("tls-stall"),
  "tls-garbage": plain("tls-garbage"),
  "expect-close": plain("expect-close"),
  delay: (words, line) => ({ kind: "delay", milliseconds: duration(words), line }),
  drip: (words, line) => ({ kind: "drip", milliseconds: duration(words), line }),
  starttls: (words, line) => ({ kind: "starttls", certificate: words === "" ? null : words, line }),
  tls: (words, line) => ({ kind: "tls", certificate: words === "" ? null : words, line }),
  repeat: (words, line) => ({ kind: "repeat", bytes: repeated(words), line }),
};

/** Nothing can follow these but the wait for the client to go. */
const LAST: ReadonlySet<Step["kind"]> = new Set(["silence", "close", "reset", "tls-stall", "tls-garbage", "repeat", "expect-close"]);

/** Reads a transcript. All errors in it are reported at once, each with its line. */
export function parseTranscript(text: string): Transcript {
  const problems: TranscriptProblem[] = [];
  const steps: Step[] = [];
  let description = "";
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    if (written.trim() === "") continue;
    if (written.startsWith("#")) {
      if (description === "") description = written.slice(1).trim();
      continue;
    }
    try {
      const step = parseLine(written, line);
      checkPlace(step, steps);
      steps.push(step);
    } catch (error) {
      problems.push({ line, message: (error as Error).message });
    }
  }
  if (steps.length === 0 && problems.length === 0) problems.push({ line: 1, message: "the transcript has no S:, C: or @ line" });
  if (problems.length > 0) throw new TranscriptError(problems);
  return { description, steps };
}

function parseLine(written: string, line: number): Step {
  const bytes = sentBytes(written);
  if (bytes !== null) return { kind: "send", bytes, line };
  if (written.startsWith("C:")) {
    const pattern = afterPrefix(written);
    return { kind: "expect", pattern: parsePattern(pattern), written: pattern, line };
  }
  const [, name, words] = /^@([\w-]+)(?:[ \t](.*))?$/.exec(written) ?? [];
  if (name === undefined) throw new Error(`expected "S: ", "S| ", "C: ", "@directive" or "# comment", got ${JSON.stringify(written)}`);
  const directive = Object.hasOwn(DIRECTIVES, name) ? DIRECTIVES[name] : undefined;
  if (directive !== undefined) return directive((words ?? "").trim(), line);
  const names = Object.keys(DIRECTIVES);
  const near = nearest(name, names);
  throw new Error(`there is no directive @${name}; ${near.length > 0 ? `did you mean @${near.join(" or @")}?` : `there are @${names.join(", @")}`}`);
}

/** What an S line sends; null when it is none. `S:` adds CR LF, `S|` and `S-` send the bytes as they are. */
function sentBytes(written: string): Uint8Array | null {
  if (written.startsWith("S:")) return unescapeBytes(`${afterPrefix(written)}\\r\\n`);
  if (written.startsWith("S|") || written.startsWith("S-")) return unescapeBytes(afterPrefix(written));
  return null;
}

/** One space after the prefix belongs to it; more are content. */
function afterPrefix(written: string): string {
  return written.slice(written[2] === " " ? 3 : 2);
}

function duration(words: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(words) ?? [];
  if (amount === undefined) throw new Error(`expected a duration such as 20ms or 1.5s, got ${JSON.stringify(words)}`);
  return Number(amount) * (unit === "s" ? 1000 : 1);
}

function repeated(words: string): Uint8Array {
  const bytes = words.startsWith("forever ") ? sentBytes(words.slice("forever ".length).trimStart()) : null;
  if (bytes === null || bytes.length === 0) throw new Error(`expected "@repeat forever S: text", got ${JSON.stringify(`@repeat ${words}`)}`);
  return bytes;
}

function checkPlace(step: Step, before: readonly Step[]): void {
  const last = before.at(-1);
  if (last !== undefined && LAST.has(last.kind) && (step.kind !== "expect-close" || last.kind === "expect-close")) {
    throw new Error(`nothing can happen after @${last.kind} on line ${last.line}`);
  }
  if (step.kind === "tls" && before.length > 0) throw new Error("@tls must come before every other step; use @starttls to upgrade later");
}
