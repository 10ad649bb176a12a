import { isDomain } from "../../schemas/host.js";
import type { Arguments } from "./arguments.js";
import { defineCommand } from "./command.js";
import { options } from "./dkim/options.js";
import type { Io } from "./io.js";
import { UsageError } from "./usage-error.js";

export default defineCommand({
  summary: "Makes a DKIM key with its DNS record, and checks one that is published.",
  usage: "<keygen | check> <domain> [options]",
  details: [
    "keygen   Makes a pair. The private key is written for its owner alone, and never over another; the record is printed.",
    "check    Asks for the record, says what is wrong with it, and whether it belongs to our key. Exits 1 where something is.",
  ].join("\n"),
  options,
  examples: [
    ["dkim keygen example.org", "An RSA key with 2048 bits, in .probe-run/dkim/example.org/default.pem."],
    ["dkim keygen example.org --selector s2026 --type both --out keys --json", "Two keys, for whoever understands Ed25519 and whoever does not."],
    ["dkim check example.org --selector s2026 --keys keys", "Is what DNS says the key that we sign with?"],
  ],
  words: { least: 2, most: 2 },
  run,
});

/** As an input may name a selector. */
const SELECTOR = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/;

async function run({ words, options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const [verb, domain] = words as [string, string];
  if (verb !== "keygen" && verb !== "check") throw new UsageError(`dkim has no ${JSON.stringify(verb)}`, "there are: keygen, check");
  if (!isDomain(domain)) throw new UsageError(`${JSON.stringify(domain)} is no domain`, `probe-run dkim ${verb} example.org`);
  if (given.selector !== null && !SELECTOR.test(given.selector)) {
    throw new UsageError(`${JSON.stringify(given.selector)} is no selector`, "letters, digits and hyphens, with dots between them: s2026");
  }
  if (verb === "keygen") return (await import("./dkim/keygen.js")).keygen(domain, given, io);
  return (await import("./dkim/check.js")).check(domain, given, io);
}
