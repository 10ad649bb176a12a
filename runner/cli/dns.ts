import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { options } from "./dns/options.js";
import type { Io } from "./io.js";

const OPTION_NAMES = Object.keys(options) as (keyof typeof options)[];

export default defineCommand({
  summary: "Plans the DNS records that a domain needs for its mail, and checks them.",
  usage: "<subcommand> <domain> [options]",
  options,
  subcommands: {
    plan: {
      usage: "<domain>",
      summary:
        "Plan MX, SPF, DKIM, DMARC, PTR and EHLO, MTA-STS with its policy file, TLS reports, and DANE if a certificate is given; compare them with what is published.",
      words: { least: 1, most: 1 },
      options: OPTION_NAMES,
      completes: ["nothing"],
    },
  },
  examples: [
    ["dns plan example.org --address 192.0.2.7", "Print the records that example.org needs to send from 192.0.2.7."],
    ["dns plan example.org --address 192.0.2.7 --address 2001:db8::7 --dane mail.pem --zone", "The same with DANE, as zone file lines."],
    ["dns plan example.org --address 192.0.2.7 --zone --name-server ns1.example.net", "Print a whole zone, with SOA and NS records."],
    ["dns plan example.org --address 192.0.2.7 --check", "Compare the plan with the published records."],
  ],
  words: { least: 2, most: 2 },
  run,
});

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  return (await import("./dns/dns-plan.js")).dnsPlan(words[1] as string, given, io);
}
