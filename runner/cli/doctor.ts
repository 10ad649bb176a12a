import { counted } from "../support/counted.js";
import { printableLine } from "../support/printable.js";
import { type Style, styleFor } from "../support/style.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import type { Check } from "./doctor/check.js";
import { EXIT, FAIL_ON } from "./exit-codes.js";
import type { Io } from "./io.js";

const options = {
  host: { value: "HOST", description: "Also test whether port 25 of this mail host can be reached. By default only the resolver is contacted." },
  port: { value: "PORT", description: "The port to test with --host (25)." },
  resolver: { value: "ADDRESS", repeated: true, description: "Ask this name server instead of the system's." },
  "signed-name": { value: "DOMAIN", description: "A DNSSEC-signed domain to query (org)." },
  timeout: { value: "MS", description: "Timeout of each network check (5000)." },
  "fail-on": { value: "STATUS", choices: FAIL_ON, description: "Exit with 1 from this status on: error (the default) or warning." },
  json: { description: "Print JSON." },
} as const;

export default defineCommand({
  summary: "Checks what this machine can do: Node.js, packages, resolver, DNSSEC, IPv6, port 25, file permissions.",
  usage: "[options]",
  details: "Prints one line per check, and what to do about each problem. Exits 1 if there is an error, otherwise 0.",
  options,
  examples: [
    ["doctor", "Check this machine."],
    ["doctor --host mx.example.org", "Also check whether port 25 of a mail host can be reached."],
    ["doctor --json --fail-on warning", "The same as JSON; warnings also exit with 1."],
  ],
  words: { least: 0, most: 0 },
  run,
});

async function run({ options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const question = {
    servers: given.resolver,
    signedName: given["signed-name"] ?? "org",
    host: given.host,
    port: wholeNumber("port", given.port, 1, 65_535) ?? 25,
    timeoutMs: wholeNumber("timeout", given.timeout, 1, 600_000, "milliseconds") ?? 5000,
  };
  const { machineChecks } = await import("./doctor/machine.js");
  const { networkChecks } = await import("./doctor/network.js");
  const { storageChecks } = await import("./doctor/storage.js");
  const checks = [...machineChecks(), ...(await networkChecks(question)), ...storageChecks(io)];
  const failing = checks.filter(({ status }) => status === "error" || status === given["fail-on"]);
  const status = checks.some((each) => each.status === "error") ? "error" : checks.some((each) => each.status === "warning") ? "warning" : "ok";
  await io.out(given.json ? `${JSON.stringify({ status, checks }, null, 2)}\n` : textOf(checks, styleFor(io.stdout, io.env)));
  return failing.length > 0 ? EXIT.failed : EXIT.ok;
}

function textOf(checks: readonly Check[], style: Style): string {
  const paint = { ok: style.green, note: style.dim, warning: style.yellow, error: style.red };
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, status, message, advice }) => [
    `${paint[status](status.padEnd(7))}  ${name.padEnd(width)}  ${printableLine(message)}`,
    ...(advice === null ? [] : [`${" ".repeat(width + 11)}${style.dim(printableLine(advice))}`]),
  ]);
  const count = (status: Check["status"]): number => checks.filter((each) => each.status === status).length;
  return `${lines.join("\n")}\n\n${counted(count("error"), "error")}, ${counted(count("warning"), "warning")}\n`;
}
