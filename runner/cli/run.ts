import { readFile } from "node:fs/promises";
import { runReport } from "../run.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";

export default defineCommand({
  summary: "Runs a probe once and prints its envelope.",
  usage: "<probe>[@version] <input.json>",
  options: { compact: { description: "Print on one line." } },
  examples: [["network.smtp input.json", "Probe the server that input.json names."]],
  words: { least: 2, most: 2 },
  async run({ words, options }, io) {
    const [probe, path] = words as [string, string];
    const report = await runReport(probe, JSON.parse(await readFile(path, "utf8")));
    await io.out(`${JSON.stringify(report.envelope, null, options.compact ? 0 : 2)}\n`);
    return report.carried.status === "error" ? EXIT.failed : EXIT.ok;
  },
});
