import { createHash } from "node:crypto";
import { MissingProgramError, type Packages } from "../../program/missing-program.js";
import { runProgram } from "../../program/run-program.js";
import { failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { Address } from "../transport/address.js";
import { type NamedTarget, targetAddresses } from "../transport/target-addresses.js";
import { type HopLine, readHopLine } from "./output.js";

const PACKAGES: Packages = { debian: "traceroute", alpine: "traceroute", fedora: "traceroute", macos: null };

export interface TracerouteOptions {
  readonly protocol: "udp" | "icmp" | "tcp";
  readonly port: number | undefined;
  readonly max_ttl: number;
  readonly probes: number;
  readonly wait_ms: number;
  readonly find_mtu: boolean;
  /** All packets of a trace have the same ports (Paris traceroute), so that routers which spread flows send them along one path. */
  readonly keepsFlow: boolean;
}

/** It is filled as the hops answer, so that an early end of the run loses nothing. */
export interface TracedFlow {
  /** Null if each packet has ports of its own. */
  sourcePort: number | null;
  readonly hops: HopLine[];
}

/** Below the ports that systems give to sockets by themselves. */
const FIRST_SOURCE_PORT = 20_000;
const SOURCE_PORTS = 10_000;
const USUAL_PORT = 33_434;

export interface TracerouteGrant {
  /** Traces the paths by the system's traceroute, all flows at once. Resolves with the target's address. */
  trace(target: NamedTarget, options: TracerouteOptions, flows: readonly TracedFlow[]): Promise<string>;
}

export function tracerouteGrant(run: WireRun): TracerouteGrant {
  return { trace: (target, options, flows) => trace(run, target, options, flows) };
}

async function trace(run: WireRun, target: NamedTarget, options: TracerouteOptions, flows: readonly TracedFlow[]): Promise<string> {
  const [address] = (await targetAddresses(run, target)) as [Address];
  run.recorder.ipAddress = address.address;
  for (const [index, flow] of flows.entries()) flow.sourcePort = options.keepsFlow ? sourcePortOf(address, index) : null;
  // At most 50 packets a second, of all flows together.
  const pauseMs = 20 * flows.length;
  const ended = await Promise.allSettled(
    flows.map((flow, index) => {
      const prefix = flows.length === 1 ? "" : `flow ${index + 1} `;
      const arguments_ = argumentsOf(address, target, { ...options, pauseMs, sourcePort: flow.sourcePort });
      return traceFlow(run, arguments_, { hops: flow.hops, mostHops: options.max_ttl, prefix });
    }),
  );
  const failed = ended.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return address.address;
}

/** The same for each run with this target, so that paths can be compared; traces of other targets seldom want the same one. */
function sourcePortOf({ address }: Address, index: number): number {
  const spread = createHash("sha256").update(address).digest().readUInt32BE(0) % (SOURCE_PORTS - 16);
  return FIRST_SOURCE_PORT + spread + index;
}

interface Tracing {
  readonly hops: HopLine[];
  readonly mostHops: number;
  readonly prefix: string;
}

async function traceFlow(run: WireRun, arguments_: readonly string[], { hops, mostHops, prefix }: Tracing): Promise<void> {
  let last = run.recorder.began;
  const { code, stderr } = await runProgram(run.deadline, {
    program: "traceroute",
    arguments: arguments_,
    packages: PACKAGES,
    onLine(line, at) {
      const hop = readHopLine(line);
      if (hop === null) return;
      if (hops.length === mostHops) throw failureError("probe", "limit_exceeded", `traceroute printed more than ${mostHops} hops`);
      hops.push(hop);
      const addresses = [...new Set(hop.probes.flatMap((probe) => probe.address ?? []))];
      run.recorder.end(run.recorder.begin(`${prefix}hop ${hop.ttl}`, last), null, addresses.join(" ") || "no answer", at);
      last = at;
    },
  });
  if (run.deadline.reason !== null) throw failureError("probe", run.deadline.reason, `${hops.length} hops until then`);
  judgeEnd(code, stderr, hops);
}

function argumentsOf(
  { address, family }: Address,
  { source_address }: NamedTarget,
  { protocol, port, max_ttl, probes, wait_ms, find_mtu, pauseMs, sourcePort }: TracerouteOptions & { pauseMs: number; sourcePort: number | null },
): string[] {
  // -U sends to one port, where plain UDP counts it up.
  const flow = sourcePort === null ? [] : [...(protocol === "udp" ? ["-U", "-p", String(port ?? USUAL_PORT)] : []), `--sport=${sourcePort}`];
  return [
    family === 4 ? "-4" : "-6",
    "-n",
    ...(protocol === "icmp" ? ["-I"] : protocol === "tcp" ? ["-T"] : []),
    ...flow,
    ...(port === undefined || flow.includes("-p") ? [] : ["-p", String(port)]),
    ...["-m", String(max_ttl)],
    ...["-q", String(probes)],
    ...["-w", String(wait_ms / 1000)],
    ...["-z", String(pauseMs)],
    ...(find_mtu ? ["--mtu"] : []),
    ...(source_address === undefined ? [] : ["-s", source_address]),
    address,
  ];
}

function judgeEnd(code: number | null, stderr: string, hops: readonly HopLine[]): void {
  if (/operation not permitted|permission denied|not have enough privileges/i.test(stderr))
    throw new MissingProgramError("traceroute", "may not send these packets: use protocol udp, or give it the capability NET_RAW", null);
  if (/bad option|invalid option|unrecognized option/i.test(stderr)) throw new MissingProgramError("traceroute", "is not the one for Linux", PACKAGES);
  if (code === 0 || hops.length > 0) return;
  const words = stderr.trim().split("\n")[0] ?? "";
  if (/network is unreachable|no route/i.test(words)) throw failureError("connect", "unreachable", words);
  throw failureError("connect", "unknown", words === "" ? `traceroute ended with ${code}` : words);
}
