import { isDomain } from "../../schemas/host.js";
import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import type { Io } from "./io.js";
import { options, type PostureOptions } from "./posture/options.js";
import { UsageError } from "./usage-error.js";

export default defineCommand({
  summary: "Answers whether others can send in a domain's name, whether its mail arrives, and whether mail to it can be read or lost.",
  usage: "<domain...> [options]",
  details: "Runs mail.posture. Several domains give a table with a row each. Exits 1 if a check fails.",
  options,
  examples: [
    ["posture --lab=open", "Examine a domain of the lab, without a network."],
    ["posture example.org --selector s1 --address 192.0.2.1", "Name a DKIM selector and the address that sends."],
    ["posture example.org --html example.org.html", "Write the card as a page, too."],
    ["posture example.org --since yesterday.json", "Show what has changed since a run that --json has written."],
    ["posture --file domains.txt --results results.jsonl", "Examine many domains; run it again to resume where it stopped."],
  ],
  words: { least: 0, most: 1000 },
  completes: ["nothing"],
  run,
});

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const domains = await domainsOf(words, given, io);
  const isMany = domains.length > 1 || given.file !== null || given.results !== null;
  if (isMany && given.html !== null) throw new UsageError("--html shows one domain", "leave out --html, or name one domain");
  if (isMany && given.since !== null) throw new UsageError("--since compares one domain", "leave out --since, or name one domain");
  if (isMany && given.lab !== null) throw new UsageError("the lab has one domain at a time", "leave out the domains, or --lab");
  if (isMany) return (await import("./posture/many.js")).examineMany(domains, given, io);
  const { domain } = { domain: domains[0] };
  if ((domain === undefined) === (given.lab === null)) throw new UsageError("there must be one domain", "give a domain, --file or --lab");
  return (await import("./posture/one.js")).examineOne(domain ?? null, given, io);
}

async function domainsOf(words: readonly string[], { file }: PostureOptions, io: Io): Promise<string[]> {
  const listed = file === null ? [] : linesOf(new TextDecoder().decode(await (await import("./input/read-text.js")).readBytes(file, io)));
  const domains = [...words, ...listed];
  const wrong = domains.find((domain) => !isDomain(domain));
  if (wrong !== undefined) throw new UsageError(`${JSON.stringify(wrong)} is no domain`, "probe-run posture example.org");
  return [...new Set(domains)];
}

function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => (line.split("#", 1)[0] as string).trim())
    .filter((line) => line !== "");
}
