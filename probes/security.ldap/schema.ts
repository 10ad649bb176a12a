import { SCOPES } from "../../runner/net/ldap/message.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { secretSchema } from "../../schemas/secret.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { tlsClientInput, tlsFactsSchema, tlsInput } from "../../schemas/tls.js";

const dn = { type: "string", maxLength: 1024, format: "one-line" } as const;
const attribute = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9.;-]*$", maxLength: 128 } as const;

const expectations = {
  type: "object",
  properties: {
    anonymous_read: { type: "boolean", description: "Whether a client without a login may, or may not, read below the first naming context." },
    min_entries: { type: "integer", minimum: 0, maximum: 1000, description: "The search finds at least this number of entries." },
    max_search_ms: { type: "number", exclusiveMinimum: 0, maximum: 600_000, description: "The search takes no longer." },
    sasl_mechanisms: {
      type: "array",
      maxItems: 32,
      items: { type: "string", pattern: "^[A-Za-z0-9_-]+$", maxLength: 32 },
      description: "Mechanisms that must be offered.",
    },
  },
  additionalProperties: false,
} as const;

const BIND_MECHANISMS = ["simple", "SCRAM-SHA-256", "EXTERNAL"] as const;

const input = contract({
  title: "security.ldap 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, description: "The port; 389 by default, 636 for implicit TLS." },
    tls: {
      type: "object",
      description: "How the connection is secured.",
      properties: {
        mode: {
          enum: ["none", "starttls", "implicit"],
          default: "none",
          description: "starttls fails if it is refused. implicit: TLS from the first byte (ldaps).",
        },
        ...tlsInput,
        ...tlsClientInput,
      },
      additionalProperties: false,
      default: {},
    },
    bind: {
      type: "object",
      description: "A login. With a simple bind the password is sent in plain text only if that is allowed; with SCRAM it is never sent.",
      properties: {
        mechanism: {
          enum: BIND_MECHANISMS,
          default: "simple",
          description: "simple needs dn and password, SCRAM-SHA-256 (SASL) username and password, EXTERNAL (SASL) tls.client_certificate.",
        },
        username: { type: "string", minLength: 1, maxLength: 1024, format: "one-line", description: "The user name of SASL." },
        dn: { ...dn, minLength: 1, description: "The name to bind as; with Active Directory also user@domain." },
        password: { ...secretSchema, description: "The password." },
        allow_plaintext: { type: "boolean", default: false, description: "Send the password even without TLS." },
      },
      additionalProperties: false,
    },
    search: {
      type: "object",
      description: "A search, after the bind. Values are shown of named attributes only.",
      properties: {
        base: { ...dn, description: "Where to search; the first naming context by default." },
        scope: { enum: SCOPES, default: "base", description: "The base itself, one level below it, or its whole subtree." },
        filter: { type: "string", minLength: 3, maxLength: 2048, format: "one-line", default: "(objectClass=*)", description: "An LDAP filter (RFC 4515)." },
        attributes: {
          type: "array",
          maxItems: 32,
          uniqueItems: true,
          items: attribute,
          default: [],
          description: "Attributes whose values are shown. None by default.",
        },
        max_entries: { type: "integer", minimum: 1, maximum: 1000, default: 10, description: "The server is asked for no more entries than this." },
      },
      additionalProperties: false,
    },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
    ...networkInput,
  },
  required: ["target_host"],
  additionalProperties: false,
  examples: [{ target_host: "127.0.0.1", target_port: 389 }],
});

const LDAP_PHASES = ["resolve", "connect", "starttls", "tls", "auth", "command", "probe"] as const;
const texts = (description: string) => list({ type: "string" }, description);
const result = {
  result_code: { type: "integer", description: "0 is success." },
  result: { type: "string", description: "The name of the code, as invalidCredentials." },
  diagnostic: { type: "string", description: "What the server says of it." },
} as const;

const output = contract({
  title: "security.ldap 1.0.0 output",
  ...outputOf(
    {
      target_host: { type: "string" },
      target_port: { type: "integer" },
      ...networkOutput,
      starttls: { enum: ["not_tried", "refused", "secured"] },
      tls: nullable(tlsFactsSchema, "The TLS session; null if there was none."),
      root_dse: nullable(
        record({
          ldap_versions: texts("Versions of the protocol."),
          naming_contexts: texts("The trees that the server holds."),
          sasl_mechanisms: texts("Mechanisms of SASL: inside TLS, if there is TLS."),
          extensions: texts("Object identifiers of extended operations."),
          controls: texts("Object identifiers of controls."),
          features: texts("Object identifiers of features."),
          vendor_name: nullable({ type: "string" }),
          vendor_version: nullable({ type: "string" }),
          dns_host_name: nullable({ type: "string" }, "Of Active Directory."),
        }),
        "What the server says of itself; null if it may not be read.",
      ),
      anonymous_read: nullable({ type: "boolean" }, "A client without a login may read below the first naming context; null if that is not known."),
      bind: nullable(
        record({
          mechanism: { enum: BIND_MECHANISMS },
          ...result,
          accepted: { type: "boolean" },
          sub_code: nullable({ type: "string" }, "Active Directory's reason, as 52e: the password is wrong."),
        }),
        "The answer to the bind; null if there was none.",
      ),
      who_am_i: nullable(
        { type: "string" },
        "The authorisation identity that the server reports (RFC 4532); empty for an anonymous one, null if it does not say.",
      ),
      search: nullable(
        record({
          ...result,
          entry_count: { type: "integer" },
          references: texts("Where the server refers to."),
          reference_count: { type: "integer", description: "Search continuations; they are not followed." },
          first_entry_ms: nullable({ type: "number" }, "Until the first entry arrived."),
          search_ms: { type: "number", description: "Until the search was done." },
          entries: list(
            record({
              dn: { type: "string" },
              attributes: list(record({ name: { type: "string" }, values: texts("As text, or in base64 if they are no text.") })),
            }),
            "The entries with the named attributes. Without named attributes it is empty.",
          ),
        }),
        "The search; null if there was none.",
      ),
      findings: list(findingSchema),
    },
    LDAP_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
