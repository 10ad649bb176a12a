import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { options } from "./dns/options.js";
import type { Io } from "./io.js";
import { UsageError } from "./usage-error.js";

export default defineCommand({
  summary: "Says which records a domain needs for its mail to arrive, and which it has.",
  usage: "plan <domain> [options]",
  details: "MX, SPF, DKIM, DMARC, PTR and EHLO, MTA-STS with its policy file, TLS reports, and DANE where a certificate is given.",
  options,
  examples: [
    ["dns plan example.org --address 192.0.2.7", "What example.org needs to send from 192.0.2.7."],
    ["dns plan example.org --address 192.0.2.7 --address 2001:db8::7 --dane mail.pem --zone", "The same with DANE, as lines for its zone."],
    ["dns plan example.org --address 192.0.2.7 --zone --name-server ns1.example.net", "A whole zone, with SOA and NS records."],
    ["dns plan example.org --address 192.0.2.7 --check", "What of it is there."],
  ],
  words: { least: 2, most: 2 },
  run,
});

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [verb, domain] = words as [string, string];
  if (verb !== "plan") throw new UsageError(`dns has no ${JSON.stringify(verb)}`, "there is: probe-run dns plan <domain>");
  return (await import("./dns/dns-plan.js")).dnsPlan(domain, given, io);
}
