import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { DNS_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record, withoutDefault } from "../../schemas/shape.js";

const most = (description: string) => ({ type: "number", minimum: 0, maximum: 3_600_000, description }) as const;

const expectations = {
  type: "object",
  properties: {
    max_loss_percent: {
      type: "number",
      minimum: 0,
      maximum: 100,
      description: "No more packets are lost than this. Without it, losing all of them is an error.",
    },
    max_rtt_ms: most("The average round trip takes no longer."),
    max_jitter_ms: most("The jitter is no larger."),
    max_duplicates: { type: "integer", minimum: 0, maximum: 100_000, description: "No more duplicates arrive than this." },
  },
  additionalProperties: false,
} as const;

const { command_timeout_ms: _, connect_timeout_ms, ...others } = networkInput;

const input = contract({
  title: "network.ping 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The host name, or the IPv4 or IPv6 address." },
    method: {
      enum: ["icmp", "tcp"],
      default: "icmp",
      description: "icmp: echo requests by the system's ping. tcp: connections to target_port, without any privilege.",
    },
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 80, description: "For tcp: the port to connect to. A refusal is a reply, too." },
    count: { type: "integer", minimum: 1, maximum: 100, default: 5, description: "How many packets to send." },
    interval_ms: { type: "integer", minimum: 200, maximum: 60_000, default: 200, description: "Between two packets." },
    packet_timeout_ms: {
      type: "integer",
      minimum: 10,
      maximum: 60_000,
      default: 2000,
      description:
        "How long replies are waited for. For icmp: if there was none; else the last one is waited for twice the longest round trip, at least interval_ms.",
    },
    size: { type: "integer", minimum: 0, maximum: 65_507, default: 56, description: "Bytes of data, for icmp." },
    ttl: { type: "integer", minimum: 1, maximum: 255, description: "Hops that a packet may take, for icmp." },
    tos: { type: "integer", minimum: 0, maximum: 255, description: "For icmp: the type of service, or traffic class." },
    dont_fragment: { type: "boolean", default: false, description: "For icmp: forbid fragmentation, to find out which size the path takes." },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
    ...others,
    timeout_ms: { ...withoutDefault(others.timeout_ms), description: "Timeout for the whole run; by default long enough for all packets." },
    connect_timeout_ms: { ...connect_timeout_ms, description: "Timeout for the name look-up." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const milliseconds = nullable({ type: "number" });

const packet = record({
  seq: { type: "integer" },
  at_ms: nullable({ type: "number" }, "When it was sent, since the run began; null if it is not known."),
  rtt_ms: nullable({ type: "number" }, "The round trip; null without a reply."),
  ttl: nullable({ type: "integer" }, "Hops that the reply had left."),
  from: nullable({ type: "string" }, "Who answered."),
  outcome: {
    enum: ["reply", "refused", "lost", "error", "corrupt"],
    description: "refused: the port of a tcp ping is closed, which is a reply. error: a router, or this machine, reported that it cannot be delivered.",
  },
  icmp_type: nullable({ type: "integer" }, "Of the error."),
  icmp_code: nullable({ type: "integer" }),
  mtu: nullable({ type: "integer" }, "The size that the next hop takes."),
  message: nullable({ type: "string" }, "The error in words."),
});

const output = contract({
  title: "network.ping 1.0.0 output",
  ...outputOf(
    {
      target_host: { type: "string" },
      method: { enum: ["icmp", "tcp"] },
      sent: { type: "integer" },
      received: { type: "integer", description: "Packets with a reply; duplicates do not count." },
      duplicates: { type: "integer", description: "Further replies to the same packet." },
      errors: { type: "integer", description: "Packets that an ICMP error or a local error answered." },
      loss_percent: nullable({ type: "number" }, "Packets without a reply; null if none was sent."),
      rtt: record(
        { min_ms: milliseconds, avg_ms: milliseconds, median_ms: milliseconds, p95_ms: milliseconds, max_ms: milliseconds, stddev_ms: milliseconds },
        "Over replies only; null without any.",
      ),
      jitter_ms: nullable({ type: "number" }, "The mean difference of consecutive round trips; null with fewer than two."),
      packets: list(packet, "In the order in which they were sent."),
      findings: list(findingSchema),
    },
    DNS_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Packet = Output["packets"][number];
export type Expectations = NonNullable<Input["expect"]>;
