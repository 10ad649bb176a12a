import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { mailRouteProperties } from "../../schemas/mx.js";
import { networkInput } from "../../schemas/network.js";
import { list } from "../../schemas/shape.js";

const seed = { type: "integer", minimum: 0, maximum: 0xffff_ffff } as const;

const input = contract({
  title: "mail.mx 1.0.0 input",
  type: "object",
  properties: {
    domain: { type: "string", format: "domain", description: "The part of a mail address behind its @, also in letters that are not ASCII." },
    address_family: { ...networkInput.address_family, description: "Which addresses of the mail hosts to ask for." },
    allow_private_addresses: {
      type: "boolean",
      default: false,
      description: "Addresses that are not global, such as loopback and private ones, may be dialled.",
    },
    seed: { ...seed, description: "Makes the random order of equal hosts the same every time." },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  required: ["domain"],
  additionalProperties: false,
});

const output = contract({
  title: "mail.mx 1.0.0 output",
  ...outputOf({
    domain: { type: "string" },
    ...mailRouteProperties,
    seed: { ...seed, description: "What the order of equal hosts was made from." },
    findings: list(findingSchema, "What was judged, and why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
