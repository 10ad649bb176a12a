import { isDomain } from "../../schemas/host.js";
import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { options } from "./dkim/options.js";
import type { Io } from "./io.js";
import { UsageError } from "./usage-error.js";

export default defineCommand({
  summary: "Creates a DKIM key with its DNS record, or checks a published record.",
  usage: "<subcommand> <domain> [options]",
  options,
  subcommands: {
    keygen: {
      usage: "<domain>",
      summary: "Create a key pair and print the DNS record. The private key file is readable by its owner only; no file is overwritten.",
      words: { least: 1, most: 1 },
      options: ["selector", "type", "bits", "out", "json"],
      completes: ["nothing"],
    },
    check: {
      usage: "<domain>",
      summary: "Look up the record, and report what is wrong with it and whether it matches the signing key. Exits 1 if something is wrong.",
      words: { least: 1, most: 1 },
      options: ["selector", "keys", "resolver", "json"],
      completes: ["nothing"],
    },
  },
  examples: [
    ["dkim keygen example.org", "Create a 2048-bit RSA key in .probe-run/dkim/example.org/default.pem."],
    ["dkim keygen example.org --selector s2026 --type both --out keys --json", "Create two keys, for receivers with and without Ed25519."],
    ["dkim check example.org --selector s2026 --keys keys", "Check that the published record matches the signing key."],
  ],
  words: { least: 2, most: 2 },
  run,
});

/** The same names as in a probe's input. */
const SELECTOR = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/;

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [verb, domain] = words as ["keygen" | "check", string];
  if (!isDomain(domain)) throw new UsageError(`${JSON.stringify(domain)} is not a domain`, `probe-run dkim ${verb} example.org`);
  if (given.selector !== null && !SELECTOR.test(given.selector)) {
    throw new UsageError(`${JSON.stringify(given.selector)} is not a selector`, "use letters, digits and hyphens, separated by dots: s2026");
  }
  if (verb === "keygen") return (await import("./dkim/keygen.js")).keygen(domain, given, io);
  return (await import("./dkim/check.js")).check(domain, given, io);
}
