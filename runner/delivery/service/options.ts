import { blocklistZones } from "../../../schemas/blocklist.js";
import { contract, type FilledOf, type GivenOf } from "../../../schemas/contract.js";
import { deliverySettings } from "../../../schemas/delivery-settings.js";
import { dnsInput } from "../../../schemas/dns.js";
import { networkInput } from "../../../schemas/network.js";
import { jsonCopy } from "../../harness/json-copy.js";
import { RequestError, type Violation } from "../../support/request-error.js";
import { violationsOf } from "../../support/violations.js";
import { settingsViolations } from "../message/check-settings.js";

/** Options for sending, shared by the probe and the service. The timeouts are those of a mail server (RFC 5321, section 4.5.3.2). */
export const deliveryNetwork = {
  address_family: { ...networkInput.address_family, description: "Which addresses of the mail hosts to try." },
  ...dnsInput,
  connect_timeout_ms: { ...networkInput.connect_timeout_ms, default: 30_000, description: "For each address that is dialled." },
  command_timeout_ms: { ...networkInput.command_timeout_ms, default: 300_000, description: "For the greeting and for each reply (RFC 5321, section 4.5.3.2)." },
  timeout_ms: { ...networkInput.timeout_ms, default: 600_000, description: "For one message, over all its recipients." },
} as const;

/** Options of the service only: jobs do not have them. */
const ownOptions = {
  dkim_folder: { type: "string", minLength: 1, maxLength: 4096, description: "A folder of keys to sign with: <folder>/<domain>/<selector>.pem." },
  events_timeout_ms: {
    type: "integer",
    minimum: 0,
    maximum: 86_400_000,
    default: 60_000,
    description: "How long events that their receiver cannot accept now are retried before send() rejects.",
  },
  ledger: {
    type: "string",
    minLength: 1,
    maxLength: 4096,
    description:
      "The file with the suppression list and the warm-up counts, made with `probe-run suppress init`; .probe-run/delivery.db by default, if it is there.",
  },
  routes: {
    type: "string",
    minLength: 1,
    maxLength: 4096,
    description: "The file in which mode smart keeps what it has learned of routes; .probe-run/routes.db by default.",
  },
  blocklists: {
    anyOf: [{ type: "boolean" }, { ...blocklistZones, minItems: 1 }],
    default: false,
    description: "Check regularly whether block lists list the addresses that mail is sent from. true: well-known lists; or the zones of other lists.",
  },
  blocklist_interval_ms: {
    type: "integer",
    minimum: 1000,
    maximum: 86_400_000,
    default: 3_600_000,
    description: "The interval of these checks, plus or minus a tenth.",
  },
  own_addresses: {
    type: "array",
    maxItems: 64,
    items: { type: "string", format: "address" },
    default: [],
    description: "The addresses that receivers see, to look up in block lists; source_addresses by default.",
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

/** A copy with the defaults filled in. Throws a RequestError with everything that is wrong. */
export function filledOptions(given: GivenOptions): ServiceOptions {
  const options = jsonCopy(given, wrongOptions);
  if (!serviceOptions.validator(options)) throw wrongOptions(violationsOf(serviceOptions.faults(options)));
  const filled = options as ServiceOptions;
  checkSettings(filled);
  if (filled.blocklists !== false && filled.own_addresses.length + filled.source_addresses.length === 0) {
    throw wrongOptions([{ pointer: "/own_addresses", message: "blocklists needs the addresses that mail is sent from", hint: "or give source_addresses" }]);
  }
  return filled;
}

/** Called again once references are resolved. */
export function checkSettings(options: ServiceOptions): void {
  const violations = settingsViolations(options);
  if (violations.length > 0) throw wrongOptions(violations);
}

function wrongOptions(violations: readonly Violation[]): RequestError {
  return new RequestError("the options of the delivery service are wrong", "invalid_input", violations);
}

/** The options as input of mail.deliver; a signed message needs no keys. */
export function optionsOfJob(options: GivenOptions): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name !== "dkim" && !(name in ownOptions)));
}
