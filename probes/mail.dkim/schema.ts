import { DKIM_KEY_STATES } from "../../runner/posture/dkim/examine.js";
import { outputOf } from "../../schemas/carried.js";
import { checkSchema } from "../../schemas/check.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput, dnsOutcomeSchema } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";

const input = contract({
  title: "mail.dkim 1.0.0 input",
  type: "object",
  properties: {
    domain: { type: "string", format: "domain", description: "The domain that signs (d=)." },
    selectors: {
      type: "array",
      maxItems: 32,
      items: { type: "string", pattern: "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$", maxLength: 63 },
      default: [],
      description: "The selectors (s=) to ask for.",
    },
    guess: { type: "boolean", default: true, description: "Also ask for the usual selectors of mail services: a domain's selectors cannot be listed." },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  required: ["domain"],
  additionalProperties: false,
});

const dkimKeySchema = record({
  selector: { type: "string" },
  source: { enum: ["given", "guessed"] },
  state: {
    enum: DKIM_KEY_STATES,
    description: "valid: signatures may verify with it. revoked: p= is empty. invalid: no signature verifies with it. absent: no record. unknown: no answer.",
  },
  key_type: nullable({ enum: ["rsa", "ed25519"] }),
  key_bits: nullable({ type: "integer" }, "Bits of the RSA modulus."),
  flags: list({ type: "string" }, "y: testing. s: no signatures for subdomains."),
  aliases: list({ type: "string" }, "The CNAME targets that the selector leads through."),
  outcome: dnsOutcomeSchema,
  texts: list({ type: "string" }, "The TXT records at the selector."),
});

const output = contract({
  title: "mail.dkim 1.0.0 output",
  ...outputOf({
    domain: { type: "string", description: "In A-labels." },
    keys: list(dkimKeySchema, "Every selector that was given, and of the usual ones those with a record."),
    wildcard: { type: "boolean", description: "Every selector has a record: usual selectors are not asked for." },
    unanswered: { type: "integer", description: "The usual selectors that got no answer." },
    has_domainkeys: nullable({ type: "boolean" }, "The domain has keys; null if that is not known, because selectors cannot be listed."),
    outdated: list({ type: "string" }, "Names with records of abandoned standards (ADSP, DomainKeys)."),
    checks: list(checkSchema, "The rules, and how the keys fare by each."),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
