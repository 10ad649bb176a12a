import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { BANDWIDTH_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { clientInput, requestInput } from "../../schemas/http.js";
import { list, nullable, record, withoutDefault } from "../../schemas/shape.js";

const rate = (description: string) => ({ type: "number", minimum: 0, maximum: 1e12, description }) as const;
const most = (description: string) => ({ type: "number", minimum: 0, maximum: 3_600_000, description }) as const;

const expectations = {
  type: "object",
  properties: {
    min_down_bits_per_second: rate("The download is at least this fast."),
    min_up_bits_per_second: rate("The upload is at least this fast."),
    max_retransmits: {
      type: "integer",
      minimum: 0,
      maximum: 1_000_000_000,
      description: "No more TCP segments are sent again, in each direction. iperf3 only.",
    },
    max_loss_percent: { type: "number", minimum: 0, maximum: 100, description: "No more UDP packets are lost, in each direction. iperf3 only." },
    max_jitter_ms: most("The jitter of UDP is no larger, in each direction. iperf3 only."),
    max_idle_latency_ms: most("The median round trip before the transfers is no longer."),
    max_loaded_latency_ms: most("The median round trip during each transfer is no longer."),
  },
  additionalProperties: false,
} as const;

const { version: _, ...client } = clientInput;

const input = contract({
  title: "performance.bandwidth 1.0.0 input",
  type: "object",
  examples: [{ url: "http://127.0.0.1/" }],
  properties: {
    mode: {
      enum: ["http", "iperf3"],
      default: "http",
      description: "http: downloads from and uploads to a URL. iperf3: runs the system's iperf3 against a server of iperf3.",
    },
    url: { type: "string", format: "http-url", maxLength: 8192, description: "For http: what to download. A large file with incompressible content is best." },
    upload_url: {
      type: "string",
      format: "http-url",
      maxLength: 8192,
      description: "For http: where to send random bytes, in chunks. Without it, the url is used if direction asks for an upload.",
    },
    upload_method: { enum: ["POST", "PUT"], default: "POST", description: "For http: the method of the upload." },
    target_host: { type: "string", format: "host", description: "For iperf3: the server's host name or address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 5201, description: "For iperf3: the server's port." },
    direction: {
      enum: ["down", "up", "both"],
      description: "What to measure, one after the other. By default both, but for http without an upload_url only down.",
    },
    test_seconds: { type: "integer", minimum: 1, maximum: 60, default: 5, description: "How long each direction is measured." },
    streams: { type: "integer", minimum: 1, maximum: 16, default: 1, description: "Connections at once in each direction." },
    max_bits_per_second: {
      type: "integer",
      minimum: 8_000,
      maximum: 100_000_000_000,
      default: 100_000_000,
      description: "No direction is faster than this, over all streams. Raise it only towards servers that are meant for it.",
    },
    max_bytes: {
      type: "integer",
      minimum: 1_000,
      maximum: 100_000_000_000,
      default: 67_108_864,
      description: "No direction transfers more than this. For iperf3, the rate is lowered so that it is kept.",
    },
    udp: { type: "boolean", default: false, description: "For iperf3: send UDP packets at the permitted rate, and count losses and jitter." },
    latency: {
      enum: ["auto", "tcp", "icmp", "none"],
      default: "auto",
      description: "How round trips are measured before and during the transfers. auto: tcp for http, icmp for iperf3 if the system's ping works.",
    },
    ping_port: { type: "integer", minimum: 1, maximum: 65535, description: "For tcp: the port to connect to, by default that of the url." },
    headers: requestInput.headers,
    auth: requestInput.auth,
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
    ...client,
    timeout_ms: { ...withoutDefault(client.timeout_ms), description: "Timeout for the whole run; by default 30 seconds beside the time of the measurements." },
  },
  required: [],
  additionalProperties: false,
});

const bitsPerSecond = (description: string) => nullable({ type: "number" }, description);
const milliseconds = (description: string) => nullable({ type: "number" }, description);

const interval = record({
  at_ms: { type: "number", description: "When it began, since the transfer began." },
  duration_ms: { type: "number" },
  bytes: { type: "integer" },
  bits_per_second: { type: "number" },
  retransmits: nullable({ type: "integer" }, "TCP segments sent again; null where it is not known."),
});

const roundTrips = nullable(
  record({
    sent: { type: "integer", description: "Round trips that were tried." },
    received: { type: "integer", description: "Those with an answer." },
    min_ms: milliseconds("Over answers only; null without any."),
    median_ms: milliseconds("The same."),
    p95_ms: milliseconds("The same."),
    max_ms: milliseconds("The same."),
  }),
  "Null if it was not measured.",
);

const transfer = nullable(
  record({
    bits_per_second: bitsPerSecond("What arrived at the receiver, over the time that it took; null if nothing did."),
    sent_bits_per_second: bitsPerSecond("What iperf3's sender counted, which includes what was still on its way; null for http."),
    bytes: { type: "integer", description: "What arrived at the receiver." },
    duration_ms: milliseconds("The time that the rate is over: from the first byte of the body to the last, or to the server's response to an upload."),
    streams: { type: "integer" },
    requests: nullable({ type: "integer" }, "For http: how many requests it took. A short body is requested again."),
    status_codes: list({ type: "integer" }, "For http: the status codes of the responses, each once."),
    retransmits: nullable({ type: "integer" }, "TCP segments that the sender sent again; null where it is not known."),
    udp: nullable(
      record({
        packets: { type: "integer" },
        lost: { type: "integer" },
        lost_percent: nullable({ type: "number" }),
        jitter_ms: nullable({ type: "number" }, "As RFC 1889 defines it."),
      }),
      "Null for TCP.",
    ),
    tcp_rtt: nullable(
      record({ min_ms: { type: "number" }, mean_ms: { type: "number" }, max_ms: { type: "number" } }),
      "The kernel's own round trips of the transfer, from iperf3, if this machine was the sender.",
    ),
    latency: roundTrips,
    intervals: list(interval, "Second by second. For an upload over http they count what the system took, which may still have been on its way."),
  }),
  "Null if it was not measured.",
);

const output = contract({
  title: "performance.bandwidth 1.0.0 output",
  ...outputOf(
    {
      mode: { enum: ["http", "iperf3"] },
      target: { type: "string", description: "The URL, or host and port." },
      down: transfer,
      up: transfer,
      latency: record({
        method: { enum: ["tcp", "icmp", "none"], description: "How round trips were measured." },
        error: nullable({ type: "string" }, "Why they could not be measured."),
        idle: roundTrips,
        increase_ms: milliseconds("The larger median during a transfer, less the idle median: the delay that full buffers add."),
      }),
      bytes_used: { type: "integer", description: "What both directions transferred." },
      iperf3_version: nullable({ type: "string" }),
      findings: list(findingSchema),
    },
    BANDWIDTH_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Transfer = NonNullable<Output["down"]>;
export type RoundTrips = NonNullable<Transfer["latency"]>;
export type Expectations = NonNullable<Input["expect"]>;
export type Direction = "down" | "up";
