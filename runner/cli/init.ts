import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { SuiteError } from "../suite/problem.js";
import { readSuite } from "../suite/read.js";
import { RequestError } from "../support/request-error.js";
import { watchPlanOf } from "../watch/watch-plan.js";
import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { checksText } from "./init/checks-text.js";
import { companionFiles } from "./init/companion-files.js";
import { Questions } from "./init/questions.js";
import type { Io } from "./io.js";

const options = {
  target: { value: "TARGET", repeated: true, description: "What to watch: a URL, HOST:PORT, or a host. Without it, three questions are asked." },
  every: { value: "TIME", description: "Time between two runs of a check (60s)." },
  notify: { value: "WHERE", description: "Where incidents are sent: a webhook's URL or an e-mail address. Nowhere by default." },
} as const;

export default defineCommand({
  summary: "Writes what a watch needs: a suite, a service for systemd, and Prometheus with Grafana.",
  usage: "[folder] [options]",
  details: [
    "Asks what to watch, how often, and where incidents are sent; or takes the options. It writes checks.yaml, probe-run.service, compose.yaml,",
    "prometheus.yml and Grafana's dashboard, and overwrites nothing: where one of them is there, nothing is written.",
  ].join(" "),
  options,
  examples: [
    ["init", "Answer three questions, in this folder."],
    ["init watch --target https://example.org --target mx.example.org:25 --notify ops@example.org", "Without questions."],
  ],
  words: { least: 0, most: 1 },
  run,
});

async function run({ words: [folder = "."], options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const root = resolve(io.cwd, folder);
  const answers = given.target.length > 0 ? { targets: given.target, every: given.every ?? "60s", notify: given.notify } : await asked(given, io);
  const checks = await checksText(answers);
  await readSuite(join(root, "checks.yaml"), checks.text, io.env).then(watchPlanOf).catch(wrongAnswers);
  const files = { "checks.yaml": checks.text, ...companionFiles(root) };
  await writeNew(root, files, io);
  const made = Object.keys(files).map((path) => `  ${relative(io.cwd, join(root, path))}`);
  const next = [
    "  probe-run watch checks.yaml --listen 127.0.0.1:9464",
    ...checks.next,
    "  docker compose up -d        Prometheus and Grafana on 127.0.0.1:9090 and :3000",
  ];
  await io.out(`${["Created:", ...made, "", `Next, in ${relative(io.cwd, root) || "this folder"}:`, ...next].join("\n")}\n`);
  return EXIT.ok;
}

/** Without positions: the suite is not written. */
function wrongAnswers(error: unknown): never {
  if (!(error instanceof SuiteError)) throw error;
  const violations = error.problems.map(({ message, hint }) => ({ pointer: "", message, hint }));
  throw new RequestError("the answers cannot be used", "usage", violations);
}

async function asked(given: { readonly every: string | null; readonly notify: string | null }, io: Io) {
  const questions = new Questions(io);
  const targets = await questions.ask("What should be watched? URLs, HOST:PORT or hosts, separated by spaces", null);
  const every = given.every ?? (await questions.ask("How often?", "60s"));
  const notify = given.notify ?? (await questions.ask("Where should incidents be sent? A webhook's URL or an e-mail address; empty for nowhere", ""));
  await questions.end();
  return { targets: targets.split(/[\s,]+/).filter((target) => target !== ""), every, notify: notify === "" ? null : notify };
}

/** All or nothing. */
async function writeNew(root: string, files: Readonly<Record<string, string>>, io: Io): Promise<void> {
  const present = Object.keys(files).filter((path) => existsSync(join(root, path)));
  if (present.length > 0) {
    const violations = present.map((path) => ({ pointer: "", message: `${relative(io.cwd, join(root, path))} already exists`, hint: null }));
    throw new RequestError("nothing was written", "usage", violations);
  }
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content, { flag: "wx" });
  }
}
