import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import type { Io } from "./io.js";
import { UsageError } from "./usage-error.js";

const options = {
  "mail-host": { value: "HOST", description: "The host that sends and takes the domain's mail (mail.<domain>)." },
  address: { value: "IP", repeated: true, description: "An address of it, for A, PTR and SPF." },
  include: { value: "NAME", repeated: true, description: "Somebody else who sends for the domain: the name behind include: in SPF." },
  keys: { value: "DIR", description: "The folder of DKIM keys (.probe-run/dkim): the domain's own are published." },
  selector: { value: "NAME", description: "Only this key of the folder." },
  dmarc: { value: "POLICY", description: "none, quarantine or reject (none)." },
  reports: { value: "ADDRESS", description: "Who gets the reports of DMARC and TLS (postmaster@<domain>)." },
  "mta-sts": { value: "MODE", description: "testing, enforce or none (testing)." },
  dane: { value: "FILE", description: "The mail host's certificate in PEM, for a TLSA record." },
  check: { description: "Ask for what is there, and say what is missing or differs; exits 1 where something is." },
  resolver: { value: "ADDRESS", repeated: true, description: "With --check: ask this name server instead of the system's." },
  zone: { description: "Print lines for a zone file instead of a table." },
  json: { description: "Print JSON." },
} as const;

export default defineCommand({
  summary: "Says which records a domain needs for its mail to arrive, and which it has.",
  usage: "plan <domain> [options]",
  details: "MX, SPF, DKIM, DMARC, PTR and EHLO, MTA-STS with its policy file, TLS reports, and DANE where a certificate is given.",
  options,
  examples: [
    ["dns plan example.org --address 192.0.2.7", "What example.org needs to send from 192.0.2.7."],
    ["dns plan example.org --address 192.0.2.7 --address 2001:db8::7 --dane mail.pem --zone", "The same with DANE, as lines for its zone."],
    ["dns plan example.org --address 192.0.2.7 --check", "What of it is there."],
  ],
  words: { least: 2, most: 2 },
  run,
});

export type DnsGiven = Arguments<typeof options>["options"];

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [verb, domain] = words as [string, string];
  if (verb !== "plan") throw new UsageError(`dns has no ${JSON.stringify(verb)}`, "there is: probe-run dns plan <domain>");
  return (await import("./dns/dns-plan.js")).dnsPlan(domain, given, io);
}
