import type { FromSchema } from "json-schema-to-ts";
import { limitsInput, retryInput } from "./delivery-limits.js";
import { DELIVERY_MODES } from "./delivery-route.js";
import { dkimKeySchema } from "./dkim.js";
import { orReference } from "./secret.js";
import { authInput } from "./smtp.js";
import { TLS_VERSIONS, tlsInput } from "./tls.js";

const port = { type: "integer", minimum: 1, maximum: 65_535 } as const;

const relayInput = {
  type: "object",
  properties: {
    host: { type: "string", format: "host", description: "The relay's host name or address." },
    port: { ...port, description: "The relay's port; by default 465 for implicit TLS, 587 otherwise." },
    tls: {
      type: "object",
      description: "How the connection to the relay is secured.",
      properties: {
        mode: {
          enum: ["none", "starttls", "implicit"],
          description: "By default implicit on port 465 and starttls on any other. If TLS cannot be established as configured, nothing is sent.",
        },
        ...tlsInput,
        verify: {
          ...tlsInput.verify,
          default: "require",
          description: "require: send mail and credentials only to a host with a trusted certificate. ignore, report: send them to any host that answers.",
        },
      },
      additionalProperties: false,
      default: {},
    },
    auth: { ...authInput, description: "How to log in to the relay." },
  },
  required: ["host"],
  additionalProperties: false,
} as const;

const tlsPolicyInput = {
  type: "object",
  description: "How connections to mail hosts are secured.",
  properties: {
    mode: {
      enum: ["none", "opportunistic", "starttls"],
      default: "opportunistic",
      description:
        "opportunistic: use STARTTLS if it is offered; if it fails, send in plain text over a new connection. starttls: send only over STARTTLS. none: never use TLS.",
    },
    verify: {
      enum: ["ignore", "require"],
      default: "ignore",
      description: "require: send nothing to a mail host whose certificate is not trusted for its name.",
    },
    dane: {
      enum: ["auto", "on", "off"],
      default: "auto",
      description:
        "Enforce TLSA records (RFC 7672). on: the configured name servers validate DNSSEC and the path to them is trusted. auto: only if the name servers run on this machine.",
    },
    mta_sts: { type: "boolean", default: true, description: "Enforce MTA-STS policies (RFC 8461)." },
    policy_port: { ...port, default: 443, description: "The HTTPS port of MTA-STS policy hosts." },
    min_version: {
      enum: TLS_VERSIONS,
      description: "Oldest TLS version to accept. By default TLSv1.2 if TLS is required, otherwise any: an old version is better than no TLS.",
    },
    ca: tlsInput.ca,
  },
  additionalProperties: false,
  default: {},
} as const;

/** Delivery settings: configured once for a service, and overridable for a single delivery. */
export const deliverySettings = {
  mode: {
    enum: DELIVERY_MODES,
    default: "direct",
    description:
      "direct: to the mail hosts of each recipient. relay: through a relay. hybrid: direct, falling back to a relay if no mail host can be reached, but never after a rejection. smart: the route that has worked best for the site so far.",
  },
  relays: { type: "array", maxItems: 8, items: relayInput, default: [], description: "The relays; the first one that answers is used." },
  helo_domain: orReference({ type: "string", minLength: 1, maxLength: 255, format: "host" }, "The name to use in EHLO; this machine's host name by default."),
  dkim: { type: "array", maxItems: 8, items: dkimKeySchema, default: [], description: "The DKIM keys to sign with (RFC 6376); each adds one signature." },
  tls: tlsPolicyInput,
  limits: limitsInput,
  retry: retryInput,
  source_addresses: {
    type: "array",
    maxItems: 64,
    items: { type: "string", format: "address" },
    default: [],
    description: "Local addresses to connect from, in turn. If empty, the system chooses.",
  },
  warm_up: {
    anyOf: [{ type: "boolean" }, { type: "array", minItems: 1, maxItems: 60, items: { type: "integer", minimum: 1, maximum: 1_000_000 } }],
    default: false,
    description:
      "Daily limits for direct sending from a new source address; recipients over the limit wait until the next day. true: 50 recipients a day for 3 days, 200 for 4 days, 500 for 7 days, unlimited from day 15. Or a list of limits, one per day.",
  },
  suppress_bounces: {
    type: "boolean",
    default: false,
    description:
      "Add a recipient to the suppression list if the address does not exist or the mailbox is disabled permanently. Off by default: a mail host that is misconfigured for an hour rejects every recipient this way.",
  },
  mx_port: { ...port, default: 25, description: "The SMTP port of mail hosts." },
  allow_private_addresses: {
    type: "boolean",
    default: false,
    description: "Allow mail hosts with addresses that are not global, such as loopback and private ones.",
  },
} as const;

const settingsRecord = { type: "object", properties: deliverySettings, additionalProperties: false } as const;
/** The settings once defaults are filled in. */
export type DeliverySettings = FromSchema<typeof settingsRecord>;

export type RelayInput = DeliverySettings["relays"][number];
