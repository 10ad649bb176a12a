import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { startTls } from "../../runner/net/starttls/preludes.js";
import { GROUPS, POST_QUANTUM_GROUPS, SIGNATURE_SCHEMES } from "../../runner/net/tls-hello/parameters.js";
import type { Connection } from "../../runner/net/transport/connection.js";
import { failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import { parseHost } from "../../schemas/host.js";
import type { Attempt } from "../../schemas/network.js";
import { describeChains } from "./certificates.js";
import { suiteNames } from "./enumerate.js";
import { type HandshakeFacts, wholeHandshake } from "./handshake.js";
import { type Facts, findingsOf, judge } from "./judge.js";
import { CHECKS, emptyScan, type Scan, type ScanPlan, scanServer } from "./scan.js";
import { Scanner } from "./scanner.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"tcp">;

export default defineProbe({
  name: "security.tls",
  summary: "Finds out which TLS versions, suites, groups and certificates a server offers, and judges them by a policy.",
  needs: ["tcp"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  usualTimeoutMs: () => 120_000,
  run,
});

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const name = parseHost(input.servername ?? input.target_host);
  const servername = name?.kind === "name" ? name.host : null;
  const scan = emptyScan();
  const scanner = scannerOf(input, ctx);
  let handshake: HandshakeFacts | null = null;
  const checks = new Set(input.checks ?? CHECKS);
  const failure = await ctx.attempt(async () => {
    const options = { name: name?.host ?? input.target_host, servername, ca: input.ca, timeoutMs: input.command_timeout_ms };
    const plan: ScanPlan = {
      servername,
      checks,
      handshake: async () => {
        handshake = await wholeHandshake(scanner, options);
      },
      timed: (check, work) => ctx.operation(check, work),
    };
    await scanServer(scanner, plan, scan);
    ctx.signal.throwIfAborted();
    if (handshake === null && ![...scan.versions.values()].some(({ offered }) => offered === true)) throw noTls(scan);
  });
  const facts = factsOf(input, servername, scanner, scan, handshake);
  facts.verdict = judge(facts, input.policy);
  facts.findings = failure === null ? findingsOf(facts, input) : [];
  return { status: statusOf(failure, facts.findings), failure, ...facts };
}

function scannerOf(input: Input, ctx: Ctx): Scanner {
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

function factsOf(input: Input, servername: string | null, scanner: Scanner, scan: Scan, handshake: HandshakeFacts | null): Facts {
  const groups = [...new Set([...scan.groups.values()].flatMap((found) => found.groups))];
  const groupName = (group: number): string => GROUPS[group] ?? String(group);
  // TLS 1.3 encrypts its certificates: where nothing older is offered, the handshake's are all there are.
  const chains =
    scan.chains.length > 0 || handshake === null || handshake.chain.length === 0
      ? scan.chains
      : [{ servername, authentication: "other" as const, chain: handshake.chain }];
  return {
    target_host: input.target_host,
    target_port: input.target_port,
    attempts: scanner.attempts,
    servername,
    starttls: input.starttls ?? null,
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
    findings: [],
  };
}
