import type { TLS_CHECKS } from "../../schemas/tls-scan.js";
import { EXTENSION, FALLBACK_SCSV, PROTOCOL_VERSIONS, type ProtocolVersion } from "../net/tls-hello/parameters.js";
import { FailureError } from "../run/failure-error.js";
import { ENDED } from "../run/run-state.js";
import { askGroups, askProtocols, askSchemes, askSuites, askVersion, type GroupFacts, type VersionFacts } from "./enumerate.js";
import { allSuites, authenticationOf, isForwardSecret, offer } from "./offers.js";
import { type Scanner, Unanswered } from "./scanner.js";

const VERSIONS = Object.keys(PROTOCOL_VERSIONS) as ProtocolVersion[];

export type Check = (typeof TLS_CHECKS)[number];

/**
 * RFC 7301 and the registry of protocol names: what is asked for by name. Not acme-tls/1, however: a server that has no challenge to answer
 * (RFC 8737, section 3) ends such a handshake with an alert.
 */
export const ALPN_CANDIDATES = [
  "h2",
  "http/1.1",
  "http/1.0",
  "imap",
  "pop3",
  "managesieve",
  "ftp",
  "dot",
  "xmpp-client",
  "xmpp-server",
  "postgresql",
  "mqtt",
  "ntske/1",
];

export interface ChainSeen {
  readonly servername: string | null;
  readonly authentication: "rsa" | "ecdsa" | "other";
  readonly chain: readonly Buffer[];
}

/** Everything that hellos found out. Null: not found out, or not asked. */
export interface Scan {
  readonly versions: Map<ProtocolVersion, VersionFacts>;
  readonly groups: Map<ProtocolVersion, GroupFacts>;
  readonly signatureSchemes: number[];
  readonly alpn: string[];
  readonly chains: ChainSeen[];
  compression: boolean | null;
  secureRenegotiation: boolean | null;
  extendedMasterSecret: boolean | null;
  encryptThenMac: boolean | null;
  sessionTickets: boolean | null;
  staplesOcsp: boolean | null;
  fallbackScsv: boolean | null;
  dhBits: number | null;
  readonly incomplete: { check: string; reason: string }[];
}

export function emptyScan(): Scan {
  return {
    versions: new Map(VERSIONS.map((version) => [version, { version, offered: null, suites: [], preference: null, hellos: new Map() }])),
    groups: new Map(),
    signatureSchemes: [],
    alpn: [],
    chains: [],
    compression: null,
    secureRenegotiation: null,
    extendedMasterSecret: null,
    encryptThenMac: null,
    sessionTickets: null,
    staplesOcsp: null,
    fallbackScsv: null,
    dhBits: null,
    incomplete: [],
  };
}

export interface ScanPlan {
  readonly servername: string | null;
  readonly checks: ReadonlySet<Check>;
  /** The check that is a whole handshake. */
  handshake(): Promise<void>;
  /** Times one check as an operation of the run. */
  timed(name: string, check: () => Promise<void>): Promise<void>;
}

/** Runs the checks on one server. What a check found stays in `scan` also when the check could not be finished. */
export async function scanServer(scanner: Scanner, plan: ScanPlan, scan: Scan): Promise<void> {
  const { servername, checks } = plan;
  const check = (name: string, steps: readonly (() => Promise<void>)[]): Promise<void> =>
    steps.length === 0 ? Promise.resolve() : plan.timed(name, () => finished(steps.map((step) => noted(scan, name, step))));

  await check(
    "versions",
    [...scan.versions.values()].map((facts) => () => askVersion(scanner, facts, servername)),
  );
  const offered = [...scan.versions.values()].filter((facts) => facts.offered === true);
  const older = offered.filter(({ version }) => version !== "TLSv1.3").at(-1);
  if (checks.has("handshake") && offered.length > 0) await check("handshake", [plan.handshake]);
  if (older !== undefined) {
    const { version } = older;
    if (checks.has("certificates")) await check("certificates", certificateSteps(scanner, scan, version, servername));
    if (checks.has("extensions") && version !== "SSLv3") await check("extensions", [() => askExtensions(scanner, scan, version, servername)]);
    if (checks.has("fallback")) await check("fallback", fallbackSteps(scanner, scan, offered, servername));
    if (checks.has("alpn") && version !== "SSLv3")
      await check("alpn", [() => askProtocols(scanner, version, allSuites(version), servername, ALPN_CANDIDATES, scan.alpn)]);
  }
  if (checks.has("groups")) await check("groups", groupSteps(scanner, scan, offered, servername));
  if (checks.has("signature_schemes") && offered.some(({ version }) => version === "TLSv1.2")) {
    const signed = allSuites("TLSv1.2").filter(isForwardSecret);
    await check("signature_schemes", [() => askSchemes(scanner, signed, servername, scan.signatureSchemes)]);
  }
  // Last, because a server with every suite there is uses up the budget alone.
  if (checks.has("suites"))
    await check(
      "suites",
      offered.map((facts) => () => askSuites(scanner, facts, servername)),
    );
  readHellos(scan, offered);
}

/** A check that could not be finished is reported as such; what breaks the run itself is rethrown. */
async function noted(scan: Scan, name: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    if (!scan.incomplete.some((each) => each.check === name && each.reason === error.message)) scan.incomplete.push({ check: name, reason: error.message });
  }
}

/** Waits for all of them, so that no connection is left when one fails. */
async function finished(steps: readonly Promise<void>[]): Promise<void> {
  const settled = await Promise.allSettled(steps);
  const failures = settled.filter((each): each is PromiseRejectedResult => each.status === "rejected").map(({ reason }) => reason as unknown);
  // The deadline's failure is the run's, whichever step met it first.
  const ended = failures.find((error) => error instanceof FailureError && Object.values<string>(ENDED).includes(error.failure.message));
  if (failures.length > 0) throw ended ?? failures[0];
}

/** What the hellos that found the suites said besides. */
function readHellos(scan: Scan, offered: readonly VersionFacts[]): void {
  const hellos = offered.flatMap(({ version, hellos: all }) => [...all.values()].map((hello) => ({ version, hello })));
  const older = hellos.filter(({ version }) => version !== "TLSv1.3");
  const bits = hellos.flatMap(({ hello }) => hello.answer.keyExchange?.primeBits ?? []);
  scan.dhBits = bits.length === 0 ? null : Math.min(...bits);
  if (older.length === 0) return;
  const said = (extension: number): boolean => older.some(({ hello }) => hello.hello.extensions.has(extension));
  scan.secureRenegotiation = older.every(({ version, hello }) => version === "SSLv3" || hello.hello.extensions.has(EXTENSION.renegotiationInfo));
  scan.extendedMasterSecret = said(EXTENSION.extendedMasterSecret);
  scan.encryptThenMac = older.some(({ hello }) => hello.hello.extensions.has(EXTENSION.encryptThenMac));
  scan.sessionTickets = said(EXTENSION.sessionTicket);
}

/** One hello for each kind of certificate, with the server's name and without. */
function certificateSteps(scanner: Scanner, scan: Scan, version: ProtocolVersion, servername: string | null): (() => Promise<void>)[] {
  const suites = allSuites(version);
  const kinds = (["ecdsa", "rsa"] as const).map((kind) => ({ kind, suites: suites.filter((suite) => authenticationOf(suite) === kind) }));
  const names = servername === null ? [null] : [servername, null];
  return kinds.flatMap((each) =>
    names.map((name) => async () => {
      const hello = await scanner.ask(offer(version, each.suites, name, { statusRequest: true }));
      const chain = hello?.answer.certificates ?? [];
      if (chain.length > 0) scan.chains.push({ servername: name, authentication: each.kind, chain });
      if (hello !== null && name === servername) scan.staplesOcsp = scan.staplesOcsp === true || hello.answer.hasStaple;
    }),
  );
}

function groupSteps(scanner: Scanner, scan: Scan, offered: readonly VersionFacts[], servername: string | null): (() => Promise<void>)[] {
  // TLS 1.0 and 1.1 negotiate curves as TLS 1.2 does: only the newest of the three is asked.
  const older = offered.filter(({ version }) => version !== "TLSv1.3" && version !== "SSLv3").at(-1);
  return [older, offered.find(({ version }) => version === "TLSv1.3")].flatMap((facts) => {
    if (facts === undefined) return [];
    const found: GroupFacts = { groups: [], preference: null };
    scan.groups.set(facts.version, found);
    return [() => askGroups(scanner, facts.version, allSuites(facts.version), servername, certificateCurve(scan, facts.version), found)];
  });
}

/** The curve of the ECDSA certificate that a server shows before TLS 1.3: one of the three that certificates are issued on. */
function certificateCurve({ chains, versions }: Scan, version: ProtocolVersion): number | null {
  if (version === "TLSv1.3") return null;
  const first = [...(versions.get(version)?.hellos.values() ?? [])].flatMap(({ answer }) => answer.certificates[0] ?? []);
  const leaves = [...chains.filter(({ authentication }) => authentication === "ecdsa").flatMap(({ chain }) => chain[0] ?? []), ...first];
  for (const leaf of leaves) for (const [oid, group] of CERTIFICATE_CURVES) if (leaf.includes(oid)) return group;
  return null;
}

/** The object identifiers of P-256, P-384 and P-521 in DER, with their groups. */
const CERTIFICATE_CURVES: readonly (readonly [Buffer, number])[] = [
  [Buffer.from("06082a8648ce3d030107", "hex"), 23],
  [Buffer.from("06052b81040022", "hex"), 24],
  [Buffer.from("06052b81040023", "hex"), 25],
];

async function askExtensions(scanner: Scanner, scan: Scan, version: ProtocolVersion, servername: string | null): Promise<void> {
  const hello = await scanner.ask(offer(version, allSuites(version), servername, { compression: true }));
  if (hello !== null) scan.compression = hello.hello.compression !== 0;
}

/** RFC 7507: a server that speaks a newer version refuses a hello in an older one that says it is a fallback. */
function fallbackSteps(scanner: Scanner, scan: Scan, offered: readonly VersionFacts[], servername: string | null): (() => Promise<void>)[] {
  const [oldest] = offered;
  if (oldest === undefined || offered.length < 2) return [];
  return [
    async () => {
      const reply = await scanner.reply(offer(oldest.version, [...allSuites(oldest.version), FALLBACK_SCSV], servername));
      if (reply.kind === "dropped") throw new Unanswered(reply.why);
      scan.fallbackScsv = reply.kind === "alert";
    },
  ];
}
