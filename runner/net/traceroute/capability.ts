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
}

export interface TracerouteGrant {
  /** Traces the path by the system's traceroute. `hops` is filled as they answer, so that an early end of the run loses nothing. Resolves with the target's address. */
  trace(target: NamedTarget, options: TracerouteOptions, hops: HopLine[]): Promise<string>;
}

export function tracerouteGrant(run: WireRun): TracerouteGrant {
  return { trace: (target, options, hops) => trace(run, target, options, hops) };
}

async function trace(run: WireRun, target: NamedTarget, options: TracerouteOptions, hops: HopLine[]): Promise<string> {
  const [address] = (await targetAddresses(run, target)) as [Address];
  run.recorder.ipAddress = address.address;
  let last = run.recorder.began;
  const { code, stderr } = await runProgram(run.deadline, {
    program: "traceroute",
    arguments: argumentsOf(address, target, options),
    packages: PACKAGES,
    onLine(line, at) {
      const hop = readHopLine(line);
      if (hop === null) return;
      hops.push(hop);
      const addresses = [...new Set(hop.probes.flatMap((probe) => probe.address ?? []))];
      run.recorder.end(run.recorder.begin(`hop ${hop.ttl}`, last), null, addresses.join(" ") || "no answer", at);
      last = at;
    },
  });
  if (run.deadline.reason !== null) throw failureError("probe", run.deadline.reason, `${hops.length} hops until then`);
  judgeEnd(code, stderr, hops);
  return address.address;
}

function argumentsOf(
  { address, family }: Address,
  { source_address }: NamedTarget,
  { protocol, port, max_ttl, probes, wait_ms, find_mtu }: TracerouteOptions,
): string[] {
  return [
    family === 4 ? "-4" : "-6",
    "-n",
    ...(protocol === "icmp" ? ["-I"] : protocol === "tcp" ? ["-T"] : []),
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...["-m", String(max_ttl)],
    ...["-q", String(probes)],
    ...["-w", String(wait_ms / 1000)],
    // At most 50 packets a second.
    ...["-z", "20"],
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
