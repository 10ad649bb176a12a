import { OID_PATTERN } from "../../runner/net/snmp/oid.js";
import { SNMP_TYPES } from "../../runner/net/snmp/pdu.js";
import { AUTH_PROTOCOLS, PRIVACY_PROTOCOLS } from "../../runner/net/snmp/usm.js";
import { expectedValue } from "../../schemas/assertion.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { secretSchema } from "../../schemas/secret.js";
import { list, nullable, record } from "../../schemas/shape.js";

const oid = { type: "string", pattern: OID_PATTERN, maxLength: 1024 } as const;
const name = { type: "string", format: "one-line", minLength: 1, maxLength: 32 } as const;

const expectations = {
  type: "object",
  maxProperties: 64,
  propertyNames: { pattern: OID_PATTERN },
  additionalProperties: expectedValue("The object's value: a number or a text, or assertions about it."),
} as const;

const { connect_timeout_ms, command_timeout_ms, ...others } = networkInput;

const input = contract({
  title: "network.snmp 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The agent's host name, or its IPv4 or IPv6 address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 161, description: "The UDP port." },
    version: { enum: ["1", "2c", "3"], default: "2c", description: "The version of SNMP. A user needs 3." },
    community: { ...secretSchema, description: "For versions 1 and 2c: the community; public by default." },
    user: {
      type: "object",
      description: "For version 3: who asks.",
      properties: {
        name: { ...name, description: "The user's name." },
        auth_protocol: { enum: AUTH_PROTOCOLS, default: "sha-256", description: "How messages are authenticated." },
        auth_password: { ...secretSchema, description: "Messages are authenticated if it is given." },
        privacy_protocol: { enum: PRIVACY_PROTOCOLS, default: "aes-128", description: "How messages are encrypted. DES is not supported." },
        privacy_password: { ...secretSchema, description: "Messages are encrypted if it is given, too." },
        context: { type: "string", format: "one-line", maxLength: 32, default: "", description: "The context's name." },
      },
      required: ["name"],
      dependentRequired: { privacy_password: ["auth_password"] },
      additionalProperties: false,
    },
    get: {
      type: "array",
      maxItems: 64,
      uniqueItems: true,
      items: oid,
      description: "Objects to read, as dotted numbers. sysDescr.0 and sysUpTime.0 by default, unless there is a walk.",
    },
    walk: { type: "array", maxItems: 8, uniqueItems: true, items: oid, description: "Subtrees to read object by object." },
    max_rows: { type: "integer", minimum: 1, maximum: 1000, default: 200, description: "A walk stops after this number of objects." },
    expect: { ...expectations, description: "Values that must be so: each one that differs is an error." },
    prefer: { ...expectations, description: "Values that should be so: each one that differs is a warning." },
    ...others,
    connect_timeout_ms: { ...connect_timeout_ms, description: "Timeout for the name look-up." },
    command_timeout_ms: { ...command_timeout_ms, default: 3000, description: "Timeout for each reply." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const SNMP_PHASES = ["resolve", "connect", "auth", "query", "probe"] as const;

const output = contract({
  title: "network.snmp 1.0.0 output",
  ...outputOf(
    {
      target_host: { type: "string" },
      target_port: { type: "integer" },
      version: { enum: ["1", "2c", "3"] },
      engine_id: nullable({ type: "string" }, "The engine of version 3, in hexadecimal."),
      engine_boots: nullable({ type: "integer" }, "How often the engine started."),
      engine_time_s: nullable({ type: "integer" }, "Time since its last start. sysUpTime wraps after 497 days; this does not."),
      values: list(
        record({
          oid: { type: "string" },
          type: { enum: SNMP_TYPES, description: "no_such_object, no_such_instance and end_of_mib_view mark objects without a value." },
          value: {
            anyOf: [{ type: "number" }, { type: "string" }, { type: "null" }],
            description: "A number of up to 32 bits; else text: a 64-bit counter in decimal, bytes that are no text in hexadecimal.",
          },
          hex: nullable({ type: "string" }, "The bytes of an octet string."),
        }),
        "What was read: the objects of get, then those of each walk.",
      ),
      truncated: { type: "boolean", description: "A walk was stopped at max_rows." },
      findings: list(findingSchema),
    },
    SNMP_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
