import { NTP_LEAPS } from "../../runner/net/ntp/message.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { NTP_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { tlsFactsSchema, tlsInput } from "../../schemas/tls.js";

const expectations = {
  type: "object",
  properties: {
    max_offset_ms: { type: "number", exclusiveMinimum: 0, maximum: 86_400_000, description: "The clocks differ by no more than this." },
    max_stratum: { type: "integer", minimum: 1, maximum: 15, description: "The server's stratum is at most this." },
    max_root_distance_ms: { type: "number", exclusiveMinimum: 0, maximum: 86_400_000, description: "The error bound to the primary source is at most this." },
    max_reference_age_s: { type: "number", exclusiveMinimum: 0, maximum: 31_536_000, description: "The server's clock was set no longer ago than this." },
    synchronised: { type: "boolean", description: "Whether the server's clock is synchronised. True unless given." },
  },
  additionalProperties: false,
} as const;

const { connect_timeout_ms, command_timeout_ms, ...others } = networkInput;

const input = contract({
  title: "network.ntp 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 123, description: "The UDP port." },
    samples: { type: "integer", minimum: 1, maximum: 8, default: 1, description: "How many requests to send. The reply with the shortest delay counts." },
    interval_ms: {
      type: "integer",
      minimum: 1000,
      maximum: 60_000,
      default: 2000,
      description: "Between two requests. Servers answer more frequent ones with RATE.",
    },
    nts: {
      type: "object",
      description: "Asks for authenticated time (NTS, RFC 8915): keys and cookies are established over TLS first.",
      properties: {
        port: { type: "integer", minimum: 1, maximum: 65535, default: 4460, description: "The TCP port of key establishment." },
        verify: { ...tlsInput.verify, default: "require" },
        servername: tlsInput.servername,
        ca: tlsInput.ca,
      },
      additionalProperties: false,
    },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
    ...others,
    connect_timeout_ms: { ...connect_timeout_ms, description: "Timeout for the name look-up." },
    command_timeout_ms: { ...command_timeout_ms, default: 3000, description: "Timeout for each reply." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const milliseconds = (description: string) => nullable({ type: "number" }, description);

const sample = record({
  outcome: { enum: ["reply", "kiss", "timeout", "invalid"], description: "kiss: the server refuses to give the time (stratum 0)." },
  at_ms: { type: "number", description: "When the request was sent, since the run began." },
  offset_ms: milliseconds("The server's clock minus this machine's."),
  delay_ms: milliseconds("The round trip, without the time in the server."),
  message: nullable({ type: "string" }, "Why there is no time in it."),
});

const output = contract({
  title: "network.ntp 1.0.0 output",
  ...outputOf(
    {
      target_host: { type: "string" },
      target_port: { type: "integer" },
      offset_ms: milliseconds("The server's clock minus this machine's, of the sample with the shortest delay."),
      delay_ms: milliseconds("The round trip of that sample, without the time in the server."),
      jitter_ms: milliseconds("The root mean square of the other samples' distances from that offset; null with one sample."),
      synchronised: nullable({ type: "boolean" }, "The server says that its clock is synchronised."),
      stratum: nullable({ type: "integer" }, "1 is a primary source; 0 refuses, 16 is not synchronised."),
      leap: nullable({ enum: NTP_LEAPS }, "The warning of a leap second."),
      reference_id: nullable({ type: "string" }, "The source of a primary server, or the IPv4 address (or hash) of the server that this one follows."),
      reference_age_s: nullable({ type: "number" }, "How long ago the server's clock was set."),
      root_delay_ms: milliseconds("The round trip from the server to its primary source."),
      root_dispersion_ms: milliseconds("The server's error bound."),
      root_distance_ms: milliseconds("Half of all delays plus the dispersion: the error bound of offset_ms."),
      precision_ms: milliseconds("The precision of the server's clock."),
      version: nullable({ type: "integer" }, "The version of the reply."),
      kiss_code: nullable({ type: "string" }, "Why the server refuses, as RATE or DENY; null if it does not."),
      nts: nullable(
        record({
          server: { type: "string", description: "The server that was asked for the time: the target, unless key establishment named another." },
          port: { type: "integer" },
          tls: nullable(tlsFactsSchema, "TLS of the key establishment; null if it was not reached."),
          cookies: { type: "integer", description: "Cookies that key establishment gave; each request uses one." },
          new_cookies: { type: "integer", description: "Cookies that authenticated replies gave." },
          authenticated: { type: "boolean", description: "A reply was authenticated with the established keys. A reply that is not does not count." },
        }),
        "Null unless the input has nts.",
      ),
      samples: list(sample, "One for each request that was sent."),
      findings: list(findingSchema),
    },
    NTP_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Sample = Output["samples"][number];
export type Expectations = NonNullable<Input["expect"]>;
