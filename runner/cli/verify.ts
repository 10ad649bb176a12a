import type { OutputOf } from "../harness/probe-types.js";
import { runReport } from "../harness/run.js";
import { styleFor } from "../support/style.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { exitCodeOf, FAIL_ON } from "./exit-codes.js";
import { readBytes } from "./input/read-text.js";
import type { Io } from "./io.js";
import { envelopeText } from "./present.js";
import { UsageError } from "./usage-error.js";

const options = {
  ip: { value: "IP", description: "The IP address of the sending host, for SPF." },
  "mail-from": { value: "ADDRESS", description: 'The envelope sender; "" for a bounce. Return-Path by default.' },
  helo: { value: "NAME", description: "The EHLO name of the sending host." },
  "trusted-host": {
    value: "HOST",
    repeated: true,
    description: "Your own server, whose topmost Received field gives the sending address, the EHLO name and the time of receipt.",
  },
  "authserv-id": { value: "ID", repeated: true, description: "Compare with the Authentication-Results of this receiver; by default the topmost one." },
  at: { value: "TIME", description: "The time of receipt, such as 2026-11-20T10:00:00Z, at which signatures are judged." },
  resolver: { value: "ADDRESS", repeated: true, description: "Ask this name server instead of the system's." },
  timeout: { value: "MS", description: "The deadline of the run in milliseconds." },
  lab: {
    value: "NAME",
    optional: true,
    suggests: ["signed", "changed", "forwarded", "unsigned"],
    description: "Verify a sample message without a network: signed, changed, forwarded or unsigned.",
  },
  "fail-on": { value: "STATUS", choices: FAIL_ON, description: "Exit with 1 from this status on: error (the default) or warning." },
  json: { description: "Print the envelope as JSON." },
} as const;

export default defineCommand({
  summary: "Verifies a received message: SPF, DKIM, DMARC with alignment, ARC, and the results of its receiver.",
  usage: "<message.eml | -> [options]",
  details: "Runs mail.verify. Without --ip and --trusted-host the connecting address is unknown, and SPF is not evaluated. Exits 1 if DMARC fails.",
  options,
  examples: [
    ["verify --lab=forwarded", "Verify a sample message without a network."],
    ["verify message.eml --trusted-host mx.example.org", "Take the sending address from the Received field of mx.example.org."],
    ["verify message.eml --ip 192.0.2.1 --mail-from ann@example.org --helo mail.example.org", "Specify the SMTP envelope."],
    ["verify - --json", "Verify a message from stdin, and print the envelope."],
  ],
  words: { least: 0, most: 1 },
  run,
});

type Given = Arguments<typeof options>["options"];

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [file] = words;
  if ((file === undefined) === (given.lab === null)) throw new UsageError("give exactly one message", "a file, - for stdin, or --lab");
  const input = inputFrom(given);
  const timeoutMs = wholeNumber("timeout", given.timeout, 1, 3_600_000, "milliseconds");
  const lab = given.lab === null ? null : await (await import("./lab-target.js")).startLabTarget("mail.verify", given.lab);
  const stopping = new AbortController();
  const stopListening = io.onInterrupt(() => stopping.abort());
  try {
    const message = file === undefined ? lab?.input : { message_base64: Buffer.from(await readBytes(file, io)).toString("base64") };
    const report = await runReport("mail.verify@1", { ...message, ...input }, { signal: stopping.signal, ...(timeoutMs === null ? {} : { timeoutMs }) });
    if (given.json) await io.out(await envelopeText(report, io));
    else {
      const { verdictsOf } = await import("./verify/verdicts.js");
      const width = io.stdout.isTty ? io.stdout.columns : Number.POSITIVE_INFINITY;
      await io.out(verdictsOf(report.envelope.output as OutputOf<"mail.verify@1.0.0">, { style: styleFor(io.stdout, io.env), width }));
    }
    return exitCodeOf(report, given["fail-on"] === "warning" ? "warning" : "error");
  } finally {
    stopListening();
    await lab?.close();
  }
}

function inputFrom(given: Given): Record<string, unknown> {
  const fields = {
    ip: given.ip,
    mail_from: given["mail-from"],
    helo_domain: given.helo,
    trusted_hosts: listOrNull(given["trusted-host"]),
    authserv_ids: listOrNull(given["authserv-id"]),
    at: given.at,
    resolver: given.resolver.length === 0 ? null : { servers: given.resolver },
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function listOrNull(values: readonly string[]): readonly string[] | null {
  return values.length === 0 ? null : values;
}
