import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { DNS_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record, withoutDefault } from "../../schemas/shape.js";

const expectations = {
  type: "object",
  properties: {
    reached: { type: "boolean", description: "Whether the target answers. True unless given." },
    max_hops: { type: "integer", minimum: 1, maximum: 64, description: "The path has no more hops than this." },
    max_loss_percent: {
      type: "number",
      minimum: 0,
      maximum: 100,
      description: "The target leaves no more probes unanswered than this. Losses on the way do not count: routers limit their answers.",
    },
    max_rtt_ms: { type: "number", minimum: 0, maximum: 600_000, description: "The target's average round trip takes no longer." },
    path: { type: "array", maxItems: 64, items: { type: "string", format: "address" }, description: "Addresses that the path goes through, in this order." },
  },
  additionalProperties: false,
} as const;

const { command_timeout_ms: _, connect_timeout_ms, ...others } = networkInput;

const input = contract({
  title: "network.traceroute 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The host name, or the IPv4 or IPv6 address." },
    protocol: { enum: ["udp", "icmp", "tcp"], default: "udp", description: "What is sent. icmp and tcp need the privilege to send raw packets." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, description: "For tcp: the port (80). For udp: the first port (33434)." },
    max_ttl: { type: "integer", minimum: 1, maximum: 64, default: 30, description: "Hops to try at most." },
    probes: { type: "integer", minimum: 1, maximum: 10, default: 3, description: "Packets for each hop." },
    packet_timeout_ms: { type: "integer", minimum: 100, maximum: 30_000, default: 2000, description: "How long each answer is waited for." },
    flows: {
      type: "integer",
      minimum: 1,
      maximum: 16,
      description:
        "Trace this many flows, for udp and tcp: all packets of a flow have the same ports, so that routers send them along one path. By default each packet has its own.",
    },
    resolve_names: { type: "boolean", default: false, description: "Look up the names of all addresses (PTR)." },
    as_zones: {
      type: "object",
      description: "Look up the AS of all addresses in zones of origin AS records, as origin.asn.cymru.com and origin6.asn.cymru.com.",
      properties: {
        ipv4: { type: "string", format: "domain", description: "The zone for IPv4 addresses." },
        ipv6: { type: "string", format: "domain", description: "The zone for IPv6 addresses." },
      },
      additionalProperties: false,
    },
    find_mtu: { type: "boolean", default: false, description: "Find out how large packets may be on the path." },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
    ...others,
    timeout_ms: {
      ...withoutDefault(others.timeout_ms),
      description: "Timeout for the whole run; by default long enough for all packets, at most 600 seconds.",
    },
    connect_timeout_ms: { ...connect_timeout_ms, description: "Timeout for the name look-up." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const hop = record({
  ttl: { type: "integer", description: "Hops from this machine: 1 is the first router." },
  addresses: list({ type: "string" }, "Who answered, in order; several for several paths."),
  probes: list(
    record({
      address: nullable({ type: "string" }, "Null without an answer."),
      rtt_ms: nullable({ type: "number" }),
      message: nullable({ type: "string" }, "What a router reports beside the answer, as host unreachable."),
    }),
  ),
  loss_percent: { type: "number", description: "Probes without an answer." },
});

const path = record({
  source_port: { type: "integer", description: "What makes the flow: the same for two runs with the same target." },
  addresses: list(nullable({ type: "string" }), "Who answered first for each hop, up to the target; null for a router that stays silent."),
  reached: { type: "boolean" },
  path_hash: nullable({ type: "string" }, "Of the addresses; null if nothing answered."),
});

const router = record({
  address: { type: "string" },
  names: list({ type: "string" }, "From PTR records."),
  as_number: nullable({ type: "integer" }, "The AS that announces the address; null if it was not asked for, or is not known."),
  as_prefix: nullable({ type: "string" }, "The prefix that it announces."),
});

const output = contract({
  title: "network.traceroute 1.0.0 output",
  ...outputOf(
    {
      target_host: { type: "string" },
      protocol: { enum: ["udp", "icmp", "tcp"] },
      reached: { type: "boolean", description: "The target itself answered." },
      hops: list(hop, "From the first router to the target, or to the last hop that was tried."),
      hop_count: nullable({ type: "integer" }, "Hops to the target; null if it was not reached."),
      loops: list({ type: "string" }, "Addresses that answered for hops that are not neighbours."),
      path_hash: nullable({ type: "string" }, "Of the first address of each hop: two runs with the same value took the same path. Null if nothing answered."),
      paths: list(path, "The path of each flow; empty without flows."),
      routers: list(router, "One for each address of the hops; empty unless resolve_names or as_zones asks for it."),
      path_mtu_bytes: nullable({ type: "integer" }, "The smallest packet size on the path; null if it was not asked for, or not found."),
      findings: list(findingSchema),
    },
    DNS_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Hop = Output["hops"][number];
export type Path = Output["paths"][number];
export type Router = Output["routers"][number];
export type Expectations = NonNullable<Input["expect"]>;
