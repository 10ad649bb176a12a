import type { Failure } from "../../schemas/failure.js";
import { failure } from "../../schemas/failure.js";
import type { Certificate, CertificateProblem } from "../../schemas/tls.js";
import type { TlsLevel } from "../../schemas/tls-policy.js";
import type { Connection } from "../net/transport/connection.js";
import { peerChainOf } from "../net/transport/peer-chain.js";
import { problemWords } from "../net/transport/problem-words.js";
import { daneViolation } from "./dane/verify.js";
import { isForOneOf } from "./names.js";
import type { HostTls, TlsJudgement, TlsSession } from "./policy.js";
import { resultOf } from "./result.js";
import type { PolicyViolation } from "./violation.js";

type Secured = Extract<TlsSession, { kind: "secured" }>;

/** Whether a host fulfils its policy. A policy in testing mode is reported as if it were enforced. */
export function judgeTls(rule: HostTls, session: TlsSession, now = Date.now()): TlsJudgement {
  const violation = violationOf(rule.level, rule, session, now);
  const reported = rule.violation ?? (rule.testing ? violationOf("verify", rule, session, now) : violation);
  const problem = violation === null ? null : failureOf(session, violation);
  return { satisfied: problem === null, problem, mayGoPlain: isPlainEnough(rule), result: resultOf(rule.report, rule.host, reported) };
}

/** Mail may be sent to the host without TLS: on a connection on which TLS was not tried. */
function isPlainEnough({ level, requireTls }: HostTls): boolean {
  return (level === "none" || level === "may") && !requireTls;
}

function violationOf(level: TlsLevel, rule: HostTls, session: TlsSession, now: number): PolicyViolation | null {
  if (session.kind === "broken") return { type: "validation-failure", message: session.failure.message };
  if (level === "none" || level === "may") return null;
  if (session.kind === "not_offered")
    return { type: "starttls-not-supported", message: `${rule.host} does not offer STARTTLS, and TLS is required by ${rule.source}` };
  return DEMANDS[level](session, rule, now);
}

const DEMANDS: Readonly<Record<Exclude<TlsLevel, "none" | "may">, (session: Secured, rule: HostTls, now: number) => PolicyViolation | null>> = {
  encrypt: () => null,
  verify: (session, { referenceNames }) => trustViolation(session, referenceNames),
  fingerprint: ({ facts }, { fingerprints }) => fingerprintViolation(facts.certificate, fingerprints),
  dane: ({ chain }, { tlsa, referenceNames }, now) => daneViolation(tlsa, chain, referenceNames, now),
};

/** The name is judged here: more than the one that was sent as SNI may do. */
function trustViolation({ facts, chain }: Secured, names: readonly string[]): PolicyViolation | null {
  const [leaf] = chain;
  const [problem] = facts.problems.filter((each) => each !== "name_mismatch");
  if (leaf === undefined) return { type: "validation-failure", message: "the host sent no certificate" };
  if (problem !== undefined) return { type: TYPES[problem] ?? "certificate-not-trusted", message: `the certificate cannot be trusted: ${problemWords(facts)}` };
  if (isForOneOf(leaf, names, "never")) return null;
  return { type: "certificate-host-mismatch", message: `the certificate is not for ${names.join(", or ")}` };
}

const TYPES: Partial<Record<CertificateProblem, PolicyViolation["type"]>> = { expired: "certificate-expired", not_yet_valid: "certificate-expired" };

function fingerprintViolation(certificate: Certificate | null, known: readonly string[]): PolicyViolation | null {
  if (certificate !== null && known.includes(certificate.fingerprint_sha256)) return null;
  return { type: "certificate-not-trusted", message: `the certificate ${certificate?.fingerprint_sha256 ?? ""} is not one of the configured certificates` };
}

/** A host may have another certificate, or TLS again, before the message expires. */
function failureOf(session: TlsSession, { message }: PolicyViolation): Failure {
  if (session.kind === "broken") return { ...session.failure, retryable: true };
  const violated = session.kind === "not_offered" ? failure("starttls", "unsupported", message) : failure("tls", "tls_certificate", message);
  return { ...violated, retryable: true };
}

/** The TLS of an open connection, as it is judged. */
export function tlsSessionOf(connection: Connection): TlsSession {
  const { tls } = connection;
  return tls === null ? { kind: "not_offered" } : { kind: "secured", facts: tls, chain: peerChainOf(connection) };
}
