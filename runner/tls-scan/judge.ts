import type { Finding } from "../../schemas/finding.js";
import type { TlsPolicyName, TlsScanFacts } from "../../schemas/tls-scan.js";
import { CIPHER_SUITES } from "../net/tls-hello/cipher-suites.js";
import { problemWords } from "../net/transport/problem-words.js";
import { finding } from "../run/judge.js";
import { isForwardSecret } from "./offers.js";
import { POLICIES, type TlsPolicy } from "./policies.js";

type Rule = TlsScanFacts["verdict"]["broken"][number];
type Certificate = TlsScanFacts["certificates"][number];

/** One rule of a policy: what breaks it, by name. Nothing that could not be found out breaks a rule. */
interface RuleDefinition {
  readonly rule: string;
  readonly severity: Rule["severity"] | ((evidence: readonly string[]) => Rule["severity"]);
  readonly message: string;
  readonly evidence: (facts: TlsScanFacts, policy: TlsPolicy) => readonly string[];
}

/** RFC 8996 and RFC 7568 forbid the old versions; the broken suites are those of RFC 9325, 4.1. */
const FORBIDDEN_SUITE = /_NULL(_|$)|_anon_|_EXPORT|_RC4_|_RC2_|_DES_CBC|_DES40_/;

const isForbidden = (names: readonly string[]): Rule["severity"] => (names.some((name) => FORBIDDEN_SUITE.test(name)) ? "error" : "warning");

const RULES: readonly RuleDefinition[] = [
  {
    rule: "protocol_not_allowed",
    severity: (names) => (names.includes("SSLv3") ? "error" : "warning"),
    message: "the server offers protocol versions that the policy does not allow",
    evidence: ({ protocols }, policy) =>
      protocols.filter(({ version, offered }) => offered === true && !has(policy.protocols, version)).map(({ version }) => version),
  },
  {
    rule: "protocol_missing",
    severity: "warning",
    message: "the server does not offer protocol versions that the policy asks for",
    evidence: ({ protocols }, policy) =>
      protocols.filter(({ version, offered }) => offered === false && has(policy.required, version)).map(({ version }) => version),
  },
  {
    rule: "suite_not_allowed",
    severity: isForbidden,
    message: "the server offers cipher suites that the policy does not allow",
    evidence: ({ protocols }, policy) => unique(protocols.flatMap(({ suites }) => suites)).filter((suite) => !has(policy.suites, suite)),
  },
  {
    rule: "no_forward_secrecy",
    severity: "warning",
    message: "the server offers suites without forward secrecy: recorded sessions can be decrypted if its key leaks later",
    evidence: ({ protocols }, policy) =>
      unique(protocols.flatMap(({ suites }) => suites)).filter((suite) => !has(policy.suites, suite) && !isForwardSecret(numberOf(suite))),
  },
  {
    rule: "group_not_allowed",
    severity: "warning",
    message: "the server offers key exchange groups that the policy does not allow",
    evidence: ({ groups }, policy) => (policy.groups === null ? [] : groups.filter((group) => !has(policy.groups as readonly string[], group))),
  },
  {
    rule: "dh_too_small",
    severity: "error",
    message: "the prime of a DHE exchange is too short",
    evidence: ({ dh_bits: bits }, { min_dh_bits: least }) => (bits !== null && least !== null && bits < least ? [`${bits} bits`] : []),
  },
  ...certificateRule("key_type_not_allowed", "warning", "a certificate has a kind of key that the policy does not allow", (each, policy) =>
    has(policy.key_types, each.key_algorithm.replace(/^rsa-pss$/, "rsa")) ? null : each.key_algorithm,
  ),
  ...certificateRule("rsa_key_too_short", "error", "the RSA key of a certificate is too short", (each, policy) =>
    each.key_algorithm.startsWith("rsa") && (each.key_bits ?? 0) < policy.min_rsa_bits ? `${each.key_bits} bits` : null,
  ),
  ...certificateRule("curve_not_allowed", "warning", "the curve of a certificate's key is not one of the policy's", (each, policy) =>
    each.curve === null || has(policy.curves, each.curve) ? null : each.curve,
  ),
  ...certificateRule("signature_not_allowed", "error", "a certificate is signed with a hash that the policy does not allow", (each, policy) =>
    each.signature_hash === null || has(policy.signature_hashes, each.signature_hash) ? null : each.signature_algorithm,
  ),
  ...certificateRule(
    "certificate_lives_too_long",
    "warning",
    "a certificate is valid for longer than the policy allows",
    (each, { max_certificate_days: most }) => (most !== null && each.lifetime_days > most ? `${each.lifetime_days} days` : null),
  ),
  // What follows holds whatever the policy is.
  {
    rule: "compression",
    severity: "error",
    message: "the server compresses before it encrypts (CRIME, RFC 9325, 3.3)",
    evidence: ({ features }) => (features.compression === true ? ["DEFLATE"] : []),
  },
  {
    rule: "insecure_renegotiation",
    severity: "error",
    message: "the server does not protect renegotiation (RFC 5746)",
    evidence: ({ features }) => (features.secure_renegotiation === false ? ["renegotiation_info"] : []),
  },
  {
    rule: "staple_missing",
    severity: "error",
    message: "a certificate must be stapled (RFC 7633), and no OCSP response was",
    evidence: ({ certificates, features }) => (features.ocsp_staple === "none" && certificates.some((each) => each.must_staple) ? ["must-staple"] : []),
  },
  {
    rule: "certificate_revoked",
    severity: "error",
    message: "the stapled OCSP response says that the certificate is revoked",
    evidence: ({ features }) => (features.ocsp_staple === "revoked" ? ["revoked"] : []),
  },
];

/** A rule that each certificate of the server's own has to keep. */
function certificateRule(
  rule: string,
  severity: Rule["severity"],
  message: string,
  broken: (certificate: Certificate, policy: TlsPolicy) => string | null,
): readonly RuleDefinition[] {
  return [{ rule, severity, message, evidence: ({ certificates }, policy) => unique(certificates.flatMap((each) => broken(each, policy) ?? [])) }];
}

export function judge(facts: TlsScanFacts, policyName: TlsPolicyName): TlsScanFacts["verdict"] {
  const policy: TlsPolicy = POLICIES[policyName];
  const broken = RULES.flatMap(({ rule, severity, message, evidence }): Rule[] => {
    const found = evidence(facts, policy);
    return found.length === 0 ? [] : [{ rule, severity: typeof severity === "string" ? severity : severity(found), message, evidence: [...found] }];
  });
  const result = broken.length > 0 ? "broken" : facts.incomplete.length > 0 ? "unknown" : "met";
  return { policy: policyName, source: policy.source, policy_version: policy.version, result, broken };
}

export interface FindingOptions {
  readonly verify: "ignore" | "report" | "require";
  readonly warn_days: number;
}

/** The verdict as findings, and what is wrong with the certificates for this name and this day. */
export function findingsOf(facts: TlsScanFacts, input: FindingOptions): Finding[] {
  const { verdict, incomplete, tls, certificates } = facts;
  const rules = verdict.broken.map(({ rule, severity, message, evidence }) => finding(severity, rule, `${message}: ${shown(evidence)}`));
  const severity = input.verify === "require" ? "error" : "warning";
  const isTrusted = input.verify === "ignore" || tls === null || tls.authorised;
  const trust = isTrusted
    ? []
    : [finding(severity, "certificate_not_trusted", `the certificate is not trusted: ${problemWords(tls)}`, "trusted", problemWords(tls))];
  const dates = certificates.flatMap(({ days_left: left, not_after: until, subject }) =>
    left >= 0 && left < input.warn_days
      ? [
          finding(
            "warning",
            "certificate_expires_soon",
            `the certificate of ${subject} expires in ${left} days, on ${until}`,
            `${input.warn_days} days`,
            `${left} days`,
          ),
        ]
      : [],
  );
  const unknown = incomplete.map(({ check, reason }) => finding("warning", "incomplete", `${check} could not be finished: ${reason}`));
  return [...rules, ...trust, ...dates, ...unknown];
}

const MAX_SHOWN = 8;

function shown(evidence: readonly string[]): string {
  const rest = evidence.length - MAX_SHOWN;
  return `${evidence.slice(0, MAX_SHOWN).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

function has(allowed: readonly string[], name: string): boolean {
  return allowed.includes(name);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

const NUMBERS = new Map(Object.entries(CIPHER_SUITES).map(([number, name]) => [name, Number(number)]));

function numberOf(suite: string): number {
  return NUMBERS.get(suite) ?? Number(suite);
}
