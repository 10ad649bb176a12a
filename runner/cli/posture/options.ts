import { PROFILES } from "../../posture/profile.js";
import { type Arguments, wholeNumber } from "../arguments.js";
import { FAIL_ON } from "../exit-codes.js";

export const options = {
  profile: { value: "NAME", choices: ["auto", ...PROFILES], description: "What the domain is used for: auto, sending, receiving, both or parked (auto)." },
  selector: { value: "NAME", repeated: true, description: "A DKIM selector that the domain signs with." },
  address: { value: "IP", repeated: true, description: "An address that sends the domain's mail." },
  helo: { value: "NAME", description: "The name that the sending servers give in EHLO." },
  "no-connect": { description: "Do not connect to the mail hosts." },
  "no-blocklists": { description: "Do not ask block lists." },
  resolver: { value: "ADDRESS", repeated: true, description: "Ask this name server instead of the system's." },
  timeout: { value: "MS", description: "The deadline of one domain in milliseconds." },
  all: { description: "Show the checks that pass, too." },
  html: { value: "FILE", description: "Also write the card as one HTML file. A file that exists is not overwritten." },
  since: { value: "FILE", description: "Also show what has changed since an earlier run, which --json or --results has written to this file." },
  file: { value: "FILE", description: "Read further domains from a file, one a line; - for stdin." },
  results: { value: "FILE", description: "Append each envelope to this file as a line of JSON, and skip the domains that it already holds." },
  concurrency: { value: "N", description: "Domains at once, for several (16)." },
  lab: {
    value: "NAME",
    optional: true,
    suggests: ["good", "open", "parked", "silent"],
    description: "Examine a domain of the lab: good, open, parked or silent. No network is needed.",
  },
  "fail-on": { value: "STATUS", choices: FAIL_ON, description: "error or warning (error): the status from which on the exit code is 1." },
  json: { description: "Print the envelope as JSON; of several domains, one a line." },
} as const;

export type PostureOptions = Arguments<typeof options>["options"];

/** The input of mail.posture that the options stand for. */
export function inputFrom(given: PostureOptions): Record<string, unknown> {
  const { profile, selector, address, helo, resolver } = given;
  return {
    ...(profile === null ? {} : { profile }),
    ...(selector.length === 0 ? {} : { selectors: selector }),
    ...(address.length === 0 ? {} : { sending_addresses: address }),
    ...(helo === null ? {} : { helo_domain: helo }),
    ...(given["no-connect"] ? { connect: false } : {}),
    ...(given["no-blocklists"] ? { address_lists: [] } : {}),
    ...(resolver.length === 0 ? {} : { resolver: { servers: resolver } }),
  };
}

export function timeoutOf({ timeout }: PostureOptions): { timeoutMs?: number } {
  const timeoutMs = wholeNumber("timeout", timeout, 1, 3_600_000, "milliseconds");
  return timeoutMs === null ? {} : { timeoutMs };
}
