import type { Failure } from "../../schemas/failure.js";
import { parseTarget } from "../../schemas/host.js";
import type { Attempt, NetworkInput } from "../../schemas/network.js";
import { TLS_CHECKS, type TlsPolicyName, type TlsScanFacts } from "../../schemas/tls-scan.js";
import type { Context } from "../harness/context.js";
import { type StarttlsProtocol, startTls } from "../net/starttls/preludes.js";
import { GROUPS, POST_QUANTUM_GROUPS, SIGNATURE_SCHEMES } from "../net/tls-hello/parameters.js";
import type { Connection } from "../net/transport/connection.js";
import { failureError } from "../run/failure-error.js";
import { describeChains } from "./certificates.js";
import { suiteNames } from "./enumerate.js";
import { type HandshakeFacts, otherChain, wholeHandshake } from "./handshake.js";
import { judge } from "./judge.js";
import { emptyScan, type Scan, type ScanPlan, scanServer } from "./scan.js";
import { Scanner } from "./scanner.js";

type Ctx = Context<"tcp">;

/** The server to scan, what to find out, and the policy that it is judged by. */
export interface TlsScanInput extends Omit<NetworkInput, "timeout_ms"> {
  readonly target_host: string;
  readonly target_port: number;
  readonly starttls?: StarttlsProtocol;
  readonly servername?: string;
  readonly helo_domain?: string;
  readonly checks?: readonly (typeof TLS_CHECKS)[number][];
  readonly policy: TlsPolicyName;
  readonly ca?: string;
  readonly parallel: number;
  readonly budget: number;
}

export interface TlsScan {
  readonly facts: TlsScanFacts;
  readonly attempts: readonly Attempt[];
  /** Why the scan ended early; what it found before that is in the facts. */
  readonly failure: Failure | null;
}

/** Scans a TLS server by hand-written hellos and one whole handshake, and judges it. */
export async function scanTls(ctx: Ctx, input: TlsScanInput): Promise<TlsScan> {
  const name = parseTarget(input.servername ?? input.target_host);
  const servername = name?.kind === "name" ? name.host : null;
  const scan = emptyScan();
  const scanner = scannerOf(input, ctx);
  let handshake: HandshakeFacts | null = null;
  let other: Buffer[] | null = null;
  const checks = new Set(input.checks ?? TLS_CHECKS);
  const failure = await ctx.attempt(async () => {
    const options = { name: name?.host ?? input.target_host, servername, ca: input.ca, timeoutMs: input.command_timeout_ms };
    const plan: ScanPlan = {
      servername,
      checks,
      handshake: async () => {
        handshake = await wholeHandshake(scanner, options);
        const showsItsCertificates = [...scan.versions.values()].some(({ version, offered }) => version !== "TLSv1.3" && offered !== false);
        if (!showsItsCertificates) other = await otherChain(scanner, options, handshake);
      },
      timed: (check, work) => ctx.operation(check, work),
    };
    await scanServer(scanner, plan, scan);
    ctx.signal.throwIfAborted();
    if (handshake === null && ![...scan.versions.values()].some(({ offered }) => offered === true)) throw noTls(scan);
  });
  const facts = factsOf(input, servername, scanner, scan, handshake, other);
  return { facts: { ...facts, verdict: judge(facts, input.policy) }, attempts: scanner.attempts, failure };
}

function scannerOf(input: TlsScanInput, ctx: Ctx): Scanner {
  // Later connections go to the address that answered first: two servers behind one name may differ.
  let host = input.target_host;
  const open = async (attempts: Attempt[]): Promise<Connection> => {
    const connection = await ctx.tcp.connect({ ...input, host, port: input.target_port, isUntimed: scanner.connections > 1 }, attempts);
    host = connection.remoteAddress;
    if (input.starttls === undefined) return connection;
    const address = connection.localAddress ?? "127.0.0.1";
    const heloName = input.helo_domain ?? (address.includes(":") ? `[IPv6:${address}]` : `[${address}]`);
    try {
      await startTls(connection, input.starttls, { heloName, host: input.servername ?? input.target_host, timeoutMs: input.command_timeout_ms });
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  };
  const scanner = new Scanner({ open, parallel: input.parallel, budget: input.budget, timeoutMs: input.command_timeout_ms, signal: ctx.signal });
  return scanner;
}

/** No version was taken: the peer does not speak TLS here, or did not answer. */
function noTls({ incomplete }: Scan) {
  const [first] = incomplete;
  return failureError(
    "tls",
    "tls_protocol",
    first === undefined ? "the server refuses every version of TLS" : `no version of TLS was answered: ${first.reason}`,
  );
}

function factsOf(
  input: TlsScanInput,
  servername: string | null,
  scanner: Scanner,
  scan: Scan,
  handshake: HandshakeFacts | null,
  other: Buffer[] | null,
): TlsScanFacts {
  const groups = [...new Set([...scan.groups.values()].flatMap((found) => found.groups))];
  const groupName = (group: number): string => GROUPS[group] ?? String(group);
  // TLS 1.3 encrypts its certificates: without an older version, only those of whole handshakes are known.
  const chains =
    scan.chains.length > 0 || handshake === null || handshake.chain.length === 0
      ? scan.chains
      : [handshake.chain, ...(other === null || other.length === 0 ? [] : [other])].map((chain) => ({ servername, authentication: "other" as const, chain }));
  return {
    servername,
    protocols: [...scan.versions.values()].map(({ version, offered, suites, preference }) => ({ version, offered, suites: suiteNames(suites), preference })),
    groups: groups.map(groupName),
    groups_by_version: [...scan.groups].map(([version, found]) => ({ version, groups: found.groups.map(groupName), preference: found.preference })),
    post_quantum: scan.groups.size === 0 ? null : groups.some((group) => POST_QUANTUM_GROUPS.has(group)),
    dh_bits: scan.dhBits,
    signature_schemes: scan.signatureSchemes.map((scheme) => SIGNATURE_SCHEMES[scheme] ?? String(scheme)),
    alpn: scan.alpn.length > 0 || handshake?.tls.alpn == null ? scan.alpn : [handshake.tls.alpn],
    certificates: describeChains(chains, servername ?? input.target_host),
    features: {
      compression: scan.compression,
      secure_renegotiation: scan.secureRenegotiation,
      extended_master_secret: scan.extendedMasterSecret,
      encrypt_then_mac: scan.encryptThenMac,
      session_tickets: scan.sessionTickets,
      resumption: handshake?.resumed ?? null,
      early_data_bytes: handshake?.earlyDataBytes ?? null,
      fallback_scsv: scan.fallbackScsv,
      ocsp_staple: handshake === null ? (scan.staplesOcsp === false ? "none" : null) : (handshake.ocsp?.status ?? "none"),
    },
    tls: handshake?.tls ?? null,
    verdict: { policy: input.policy, source: "", policy_version: "", result: "unknown", broken: [] },
    incomplete: scan.incomplete,
    connections: scanner.connections,
  };
}
