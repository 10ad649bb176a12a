import { createHash, X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { type Answered, answersOf } from "../../../runner/posture/answers.js";
import { type DomainFacts, examineDomain, type Listing } from "../../../runner/posture/examine-domain.js";
import type { Fetched } from "../../../runner/posture/fetch.js";
import type { HostFacts } from "../../../runner/posture/hosts/meet.js";
import { judgeDomain } from "../../../runner/posture/judge-domain.js";
import type { Profile } from "../../../runner/posture/profile.js";
import { type Failure, failure } from "../../../schemas/failure.js";
import { asciiDomain } from "../../../schemas/host.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { casesIn, type Expectation, expectChecks, expectOneOf, type OneOf, questionsIn, withGlobalAddresses, type Zone } from "./labelled-cases.js";

type Role = "ee" | "intermediate" | "root";

interface Smtp {
  readonly connects: true | "timeout";
  readonly starttls?: boolean;
  readonly tls?: string;
  readonly certificate?: {
    readonly trusted: boolean;
    readonly names: readonly string[];
    readonly not_after: string;
    readonly chain?: readonly { readonly role: Role; readonly sent: boolean }[];
  } | null;
}

interface Input {
  readonly domain: string;
  readonly profile: Profile | "auto";
  readonly selectors: readonly string[];
  readonly sending: readonly string[];
  readonly smtp: Readonly<Record<string, Smtp>>;
  readonly https: Readonly<Record<string, { status: number; content_type?: string; body?: string }>>;
  readonly authenticated?: boolean;
  readonly dnsbl?: Readonly<Record<string, readonly { list: string; answer: string }[]>>;
  readonly fail_all?: "TIMEOUT" | "SERVFAIL" | "REFUSED";
}

interface Expected {
  readonly spoofing?: OneOf<Answered["answer"]>;
  readonly arrival?: OneOf<Answered["answer"] | "not_applicable">;
  readonly receiving?: OneOf<Answered["answer"] | "not_applicable">;
  readonly profile?: OneOf<string | null>;
  readonly domain?: string;
  readonly advice?: readonly [];
  readonly dmarc?: { effective?: string; organizational_domain?: string; record_at?: string; queries?: readonly string[] };
  readonly spf?: { lookups?: number; void?: { ipv4: number; ipv6: number } };
}

const NOW = new Date("2026-11-29T00:00:00Z");
const FAILURES: Readonly<Record<string, Failure>> = {
  TIMEOUT: failure("connect", "timeout", "no answer in time"),
  SERVFAIL: failure("resolve", "dns_failure", "the name server failed"),
  REFUSED: failure("resolve", "dns_failure", "the name server refused the query"),
};

/** The certificates of each host, made real. */
function chainsOf(smtp: Input["smtp"]): Map<string, Map<Role, X509Certificate>> {
  return new Map(
    Object.entries(smtp).map(([host, { certificate }]) => {
      const made = new Map<Role, X509Certificate>();
      let issuer: ReturnType<typeof selfSigned> | undefined;
      const roles = certificate?.chain?.map(({ role }) => role) ?? ["ee"];
      for (const role of [...roles].reverse()) {
        issuer = selfSigned({
          names: role === "ee" ? (certificate?.names ?? [host]) : [`${role}.example`],
          authority: role !== "ee",
          notBefore: new Date("2026-01-01T00:00:00Z"),
          notAfter: new Date(role === "ee" ? (certificate?.not_after ?? "2027-06-01T00:00:00Z") : "2030-01-01T00:00:00Z"),
          ...(issuer === undefined ? {} : { issuer }),
        });
        made.set(role, new X509Certificate(issuer.certificate));
      }
      return [host, made];
    }),
  );
}

function withRealData(records: Zone, chains: ReturnType<typeof chainsOf>): Zone {
  const text = JSON.stringify(records).replace(/"@([^"]+)\.(ee|intermediate|root)\.(spki|cert)\.sha256"/g, (_all, host: string, role: Role, what: string) => {
    const certificate = chains.get(host)?.get(role) as X509Certificate;
    const bytes = what === "cert" ? certificate.raw : certificate.publicKey.export({ type: "spki", format: "der" });
    return JSON.stringify(createHash("sha256").update(bytes).digest("hex"));
  });
  return JSON.parse(text) as Zone;
}

function metOf(host: string, smtp: Smtp | undefined, chains: ReturnType<typeof chainsOf>, failAll: Failure | undefined): HostFacts {
  const nothing = { host, ip_address: "9.9.2.1", name: host, tls: null, chain: [] };
  if (failAll !== undefined || smtp === undefined || smtp.connects !== true)
    return { ...nothing, starttls: "unknown", failure: failAll ?? (FAILURES.TIMEOUT as Failure) };
  if (smtp.starttls !== true) return { ...nothing, starttls: "not_offered", failure: null };
  const chain = chains.get(host) as Map<Role, X509Certificate>;
  const sent = smtp.certificate?.chain?.filter((each) => each.sent).map(({ role }) => role) ?? ["ee"];
  const isNamed = smtp.certificate?.names.includes(host) === true;
  const isTrusted = smtp.certificate?.trusted === true && isNamed;
  const certificate = { not_after: smtp.certificate?.not_after ?? "2027-06-01T00:00:00Z" };
  const problems = [...(smtp.certificate?.trusted === true ? [] : ["self_signed"]), ...(isNamed ? [] : ["name_mismatch"])];
  const tls = { version: smtp.tls ?? "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", authorised: isTrusted, problems, invalid_reasons: [], certificate };
  return { ...nothing, starttls: "secured", failure: null, tls: tls as unknown as TlsFacts, chain: sent.map((role) => chain.get(role) as X509Certificate) };
}

function fetchedOf(answer: Input["https"][string] | undefined): Fetched {
  if (answer === undefined) return { kind: "failed", failure: failure("resolve", "dns_not_found", "no such name") };
  return {
    kind: "response",
    status: answer.status,
    content_type: answer.content_type ?? "",
    location: null,
    body: Buffer.from(answer.body ?? ""),
    is_cut: false,
  };
}

function listingsOf({ dnsbl = {}, fail_all: failAll }: Input): Listing[] {
  return Object.entries(dnsbl).flatMap(([address, listed]): Listing[] => {
    if (failAll !== undefined) return [{ ip_address: address, list: "bl.example", result: "unknown", message: "no answer" }];
    const [first] = listed;
    const isRefusal = first?.answer.startsWith("127.255.255.") === true;
    return [{ ip_address: address, list: "bl.example", result: first === undefined ? "not_listed" : isRefusal ? "unknown" : "listed", message: null }];
  });
}

describe("whole domains, labelled from the standards", () => {
  test.each(withGlobalAddresses(casesIn<Input, Expected>("domains")))("$name", async ({ records, input, expect: expected }) => {
    const chains = chainsOf(input.smtp);
    const zone = withRealData(records, chains);
    const failAll = input.fail_all === undefined ? undefined : FAILURES[input.fail_all];
    const questions = questionsIn(zone, input.authenticated ?? false, input.fail_all);
    const facts = await examineDomain(
      {
        domain: asciiDomain(input.domain),
        profile: input.profile,
        selectors: input.selectors,
        guessSelectors: false,
        sending: input.sending.length === 0 ? null : input.sending,
        heloName: null,
        port: 25,
        policyPort: 443,
        allowPrivate: false,
        now: NOW,
      },
      {
        questions: () => questions,
        askRelay: null,
        meet: async ({ host }) => metOf(host, input.smtp[host], chains, failAll),
        fetchPolicy: async (url) => (failAll === undefined ? fetchedOf(input.https[url.href]) : { kind: "failed", failure: failAll }),
        isBogus: async (name) => (zone[name] as { BOGUS?: unknown } | undefined)?.BOGUS === true,
        listings: async () => listingsOf(input),
      },
    );
    const checks = judgeDomain(facts, questions.evidence);
    const answers = answersOf(facts, checks);
    const shown = {
      answers: answers.map(({ area, answer, message }) => `${area}: ${answer} (${message})`),
      bad: checks
        .filter(({ verdict }) => !["pass", "not_applicable", "notice"].includes(verdict))
        .map(({ id, verdict, message }) => `${id} ${verdict} ${message}`),
    };
    try {
      for (const area of ["spoofing", "arrival", "receiving"] as const)
        expectOneOf<string>(answers.find((each) => each.area === area)?.answer ?? "", notNull(expected[area]));
      expectChecks(checks, expected.checks as Readonly<Record<string, Expectation>> | undefined);
      expectOneOf<string | null>(facts.profile, expected.profile);
      if (expected.domain !== undefined) expect(facts.domain).toBe(expected.domain);
      if (expected.advice !== undefined) expect(checks.flatMap(({ advice }) => advice?.change ?? [])).toEqual([]);
      expectDmarc(facts.dmarc, expected.dmarc);
      if (expected.spf?.lookups !== undefined) expect(facts.spf.lookups).toBe(expected.spf.lookups);
      if (expected.spf?.void !== undefined) expect({ ipv4: facts.spf.empty.ipv4.length, ipv6: facts.spf.empty.ipv6.length }).toEqual(expected.spf.void);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${JSON.stringify(shown, null, 1)}`);
    }
  });
});

/** A question that does not apply is answered in the good. */
function notNull(expected: OneOf<string> | undefined): OneOf<string> | undefined {
  if (expected === undefined || typeof expected === "string") return expected;
  return { any_of: expected.any_of.map((each) => (each === "not_applicable" ? "protected" : each)) };
}

function expectDmarc(
  { effective_policy: effective, organizational_domain: organization, policy_domain: owner, walk }: DomainFacts["dmarc"],
  expected: Expected["dmarc"],
): void {
  if (expected?.effective !== undefined) expect(effective).toBe(expected.effective);
  if (expected?.organizational_domain !== undefined) expect(organization).toBe(expected.organizational_domain);
  if (expected?.record_at !== undefined) expect(`_dmarc.${owner}`).toBe(expected.record_at);
  if (expected?.queries !== undefined) expect(walk.map(({ domain }) => `_dmarc.${domain}`)).toEqual(expected.queries);
}
