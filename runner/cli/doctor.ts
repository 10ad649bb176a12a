import { counted } from "../support/counted.js";
import { printableLine } from "../support/printable.js";
import { type Style, styleFor } from "../support/style.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import type { Check } from "./doctor/check.js";
import { EXIT, FAIL_ON } from "./exit-codes.js";
import type { Io } from "./io.js";

const options = {
  host: { value: "HOST", description: "A mail host that you may connect to: port 25 of it is tried. Without it no host is contacted but the resolver." },
  port: { value: "PORT", description: "The port to try (25)." },
  resolver: { value: "ADDRESS", repeated: true, description: "Ask this name server instead of the system's." },
  "signed-name": { value: "DOMAIN", description: "The domain, signed with DNSSEC, that the resolver is asked for (org)." },
  timeout: { value: "MS", description: "For each network check (5000)." },
  "fail-on": { value: "STATUS", choices: FAIL_ON, description: "error or warning (error): the status from which on the exit code is 1." },
  json: { description: "Print JSON." },
} as const;

export default defineCommand({
  summary: "Checks what this machine can do: Node.js, packages, resolver, DNSSEC, IPv6, port 25, file permissions.",
  usage: "[options]",
  details: "Each line says what was found, and below it what to do. Exits 0 if nothing is an error, else 1.",
  options,
  examples: [
    ["doctor", "Check this machine."],
    ["doctor --host mx.example.org", "Check also whether port 25 of a mail host can be reached."],
    ["doctor --json --fail-on warning", "The same for a program; a warning exits with 1, too."],
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
    timeoutMs: wholeNumber("timeout", given.timeout, 1, 600_000) ?? 5000,
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
