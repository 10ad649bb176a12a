import { blocklistZones } from "../../../schemas/blocklist.js";
import { contract, type FilledOf, type GivenOf } from "../../../schemas/contract.js";
import { deliverySettings } from "../../../schemas/delivery.js";
import { dnsInput } from "../../../schemas/dns.js";
import { networkInput } from "../../../schemas/network.js";
import { RequestError } from "../../support/request-error.js";
import { violationsOf } from "../../support/violations.js";

/** How the world is talked to, for the probe and for the service alike. The time-outs are those of a mail server (RFC 5321, section 4.5.3.2). */
export const deliveryNetwork = {
  address_family: { ...networkInput.address_family, description: "Which addresses of the mail hosts to try." },
  ...dnsInput,
  connect_timeout_ms: { ...networkInput.connect_timeout_ms, default: 30_000, description: "For each address that is dialled." },
  command_timeout_ms: { ...networkInput.command_timeout_ms, default: 300_000, description: "For the greeting and for each reply (RFC 5321, section 4.5.3.2)." },
  timeout_ms: { ...networkInput.timeout_ms, default: 600_000, description: "For one message, over all its recipients." },
} as const;

/** What is the service's alone, and no job's. */
const ownOptions = {
  dkim_folder: { type: "string", minLength: 1, maxLength: 4096, description: "A folder of keys to sign with: <folder>/<domain>/<selector>.pem." },
  events_timeout_ms: {
    type: "integer",
    minimum: 0,
    maximum: 86_400_000,
    default: 60_000,
    description: "How long events that their receiver cannot take just now are tried again, before send() rejects.",
  },
  ledger: {
    type: "string",
    minLength: 1,
    maxLength: 4096,
    description:
      "The file with the suppression list and the counts of the warm-up; .probe-run/delivery.db by default, which is not made where neither asks for it.",
  },
  blocklists: {
    anyOf: [{ type: "boolean" }, { ...blocklistZones, minItems: 1 }],
    default: false,
    description: "Ask block lists now and then whether they have the addresses that mail is sent from. true: well-known lists; or the zones of others.",
  },
  blocklist_interval_ms: { type: "integer", minimum: 1000, maximum: 86_400_000, default: 3_600_000, description: "How often, give or take a tenth." },
  own_addresses: {
    type: "array",
    maxItems: 64,
    items: { type: "string", format: "address" },
    default: [],
    description: "The addresses that receivers see, to ask block lists for; source_addresses where there is none.",
  },
} as const;

const serviceOptions = contract({
  title: "createDelivery options",
  type: "object",
  properties: {
    ...deliverySettings,
    ...deliveryNetwork,
    ...ownOptions,
  },
  additionalProperties: false,
});

export type GivenOptions = GivenOf<typeof serviceOptions>;
export type ServiceOptions = FilledOf<typeof serviceOptions>;

/** A copy, with everything that was not given filled in. Throws a RequestError that tells all that is wrong. */
export function filledOptions(given: GivenOptions): ServiceOptions {
  const options: unknown = structuredClone(given);
  if (!serviceOptions.validator(options))
    throw new RequestError("the options of the delivery service are wrong", "invalid_input", violationsOf(serviceOptions.faults(options)));
  const filled = options as ServiceOptions;
  if (filled.mode !== "direct" && filled.relays.length === 0) {
    throw new RequestError(`the mode ${filled.mode} needs a relay: give relays, or SMTP_HOST`, "invalid_input", [
      { pointer: "/relays", message: "expected at least one relay", hint: "or set mode to direct" },
    ]);
  }
  if (filled.blocklists !== false && filled.own_addresses.length + filled.source_addresses.length === 0) {
    throw new RequestError("blocklists needs the addresses that mail is sent from", "invalid_input", [
      { pointer: "/own_addresses", message: "expected at least one address", hint: "or give source_addresses" },
    ]);
  }
  return filled;
}

/** The options as an input of mail.deliver has them; a message that is signed already needs no keys. */
export function optionsOfJob(options: GivenOptions): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name !== "dkim" && !(name in ownOptions)));
}
