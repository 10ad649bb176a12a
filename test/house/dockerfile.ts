/** One instruction of a Dockerfile, its continued lines joined. */
export interface Instruction {
  readonly line: number;
  readonly keyword: string;
  readonly text: string;
}

const KEYWORDS = ["ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"];

/** Reads the instructions; throws at what is none. */
export function readDockerfile(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  let open: { line: number; parts: string[] } | null = null;
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    open ??= { line: index + 1, parts: [] };
    open.parts.push(line.replace(/\\$/, "").trim());
    if (line.endsWith("\\")) continue;
    instructions.push(instruction(open.line, open.parts.join(" ")));
    open = null;
  }
  if (open !== null) throw new Error(`line ${open.line}: it is continued, and ends`);
  return instructions;
}

function instruction(line: number, whole: string): Instruction {
  const [, keyword = "", text = ""] = /^(\w+)\s+(.*)$/.exec(whole) ?? [];
  if (!KEYWORDS.includes(keyword)) throw new Error(`line ${line}: ${JSON.stringify(whole)} is no instruction that is used here`);
  return { line, keyword, text };
}

/** What is wrong with an image that is to be published. */
export function dockerfileFaults(text: string): string[] {
  const instructions = readDockerfile(text);
  const stages = stagesOf(instructions);
  const last = stages.at(-1) ?? [];
  const rules: [boolean, string][] = [
    [instructions.find(({ keyword }) => keyword !== "ARG")?.keyword === "FROM", "the first instruction is FROM, after ARG at most"],
    [stages.length > 1, "there are two stages, so that no build tool and no cache is published"],
    [last.some(({ keyword, text }) => keyword === "COPY" && text.startsWith("--from=")), "the last stage copies from an earlier one"],
    [last.every(({ keyword, text }) => keyword !== "RUN" || !/\b(npm|npx|apt-get|apk|curl|wget)\b/.test(text)), "the last stage installs nothing"],
    [!/\bsudo\b|\bapt-get upgrade\b|\bADD\b/.test(text.replace(/^#.*$/gm, "")), "no sudo, no upgrade, no ADD"],
    [isUnprivileged(last), "the last USER is neither root nor missing"],
    [/--chown|chown/.test(last.map(({ text }) => text).join("\n")), "what the user writes to belongs to it"],
    [execForm(last, "ENTRYPOINT"), "ENTRYPOINT is a list, so that no shell keeps signals"],
    [last.some(({ keyword, text }) => keyword === "HEALTHCHECK" && /--interval=\d+s.*--timeout=\d+s.*CMD \[/.test(text)), "there is a health check, as a list"],
    [instructions.every(({ keyword, text }) => keyword !== "FROM" || isPinned(text, instructions)), "every base image has a version"],
    [instructions.every(({ keyword, text }) => keyword !== "WORKDIR" || text.startsWith("/")), "every WORKDIR is absolute"],
  ];
  return rules.filter(([holds]) => !holds).map(([, rule]) => rule);
}

function stagesOf(instructions: readonly Instruction[]): Instruction[][] {
  const stages: Instruction[][] = [];
  for (const each of instructions) {
    if (each.keyword === "FROM") stages.push([]);
    stages.at(-1)?.push(each);
  }
  return stages;
}

function isUnprivileged(stage: readonly Instruction[]): boolean {
  const user = stage.findLast(({ keyword }) => keyword === "USER")?.text;
  return user !== undefined && !/^(root|0)\b/.test(user);
}

function execForm(stage: readonly Instruction[], keyword: string): boolean {
  return stage.some((each) => each.keyword === keyword && Array.isArray(JSON.parse(each.text)));
}

/** `node:24-slim`, or an argument with such a default; an earlier stage needs none. */
function isPinned(text: string, instructions: readonly Instruction[]): boolean {
  const [image = ""] = text.split(/\s+/);
  const name = /^\$\{?(\w+)\}?$/.exec(image)?.[1];
  const value = name === undefined ? image : instructions.find((each) => each.keyword === "ARG" && each.text.startsWith(`${name}=`))?.text.split("=")[1];
  return value !== undefined && /:[\w.-]*\d[\w.-]*(@sha256:[0-9a-f]{64})?$/.test(value) && !value.endsWith(":latest");
}
