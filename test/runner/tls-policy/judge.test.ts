import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { judgeTls } from "../../../runner/tls-policy/judge.js";
import type { ConfiguredTls, HostTls, TlsSession } from "../../../runner/tls-policy/policy.js";
import type { PolicyFacts } from "../../../runner/tls-policy/rules/known.js";
import { ruleFor } from "../../../runner/tls-policy/rules/rule.js";
import type { StsPolicy } from "../../../runner/tls-policy/sts/policy.js";
import { readStsPolicy } from "../../../runner/tls-policy/sts/read-policy.js";
import { failure } from "../../../schemas/failure.js";
import { type CertificateName, certificate, testAuthority } from "../../support/certificates.js";
import { meet } from "../../support/tls-session.js";
import { certificatesIn, tlsaFor } from "../../support/tlsa.js";

const HOST = "mx.example.org";
const NOTHING: PolicyFacts = { host: HOST, domain: "example.org", wish: "as_published", configured: null, route: null, dane: null, sts: null };
const rule = (known: Partial<PolicyFacts> = {}): HostTls => ruleFor({ ...NOTHING, ...known });
const configured = (wanted: ConfiguredTls): HostTls => rule({ configured: wanted });
const sts = (mode: "enforce" | "testing", mx = HOST): HostTls =>
  rule({ sts: readStsPolicy(`version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: 86400`) as StsPolicy });
const dane = (...records: ReturnType<typeof tlsaFor>[]): HostTls =>
  rule({
    route: { kind: "secure", hosts: new Set([HOST]), names: ["example.org"] },
    dane: { kind: "records", base: HOST, owner: `_25._tcp.${HOST}`, records },
  });

const met = (owed: HostTls, name: CertificateName): Promise<TlsSession> => meet(owed, certificate(name), testAuthority());
const NOT_OFFERED: TlsSession = { kind: "not_offered" };
const BROKEN: TlsSession = { kind: "broken", failure: failure("tls", "tls_protocol", "wrong version number") };

/** Whether mail may be sent, and the result that is reported; null for none. */
const judged = (owed: HostTls, session: TlsSession): [satisfied: boolean, reported: string | null] => {
  const { satisfied, problem, result } = judgeTls(owed, session);
  expect(problem === null).toBe(satisfied);
  return [satisfied, result.result_type];
};

describe("point 22: the levels of TLS", () => {
  test("none, may: no requirement", async () => {
    for (const owed of [configured({ level: "none" }), configured({ level: "may" }), rule()]) {
      expect(judged(owed, await met(owed, "self-signed"))).toEqual([true, null]);
      expect(judgeTls(owed, NOT_OFFERED)).toMatchObject({ satisfied: true, mayGoPlain: true });
    }
  });

  test("may: after a failed handshake another connection may go without TLS", () => {
    expect(judgeTls(rule(), BROKEN)).toMatchObject({ satisfied: false, mayGoPlain: true, problem: { phase: "tls", code: "tls_protocol" } });
  });

  test("encrypt: TLS with any certificate", async () => {
    const owed = configured({ level: "encrypt" });
    expect(judged(owed, await met(owed, "self-signed"))).toEqual([true, null]);
    expect(judgeTls(owed, NOT_OFFERED)).toMatchObject({
      satisfied: false,
      mayGoPlain: false,
      problem: { phase: "starttls", code: "unsupported", retryable: true },
      result: { result_type: "starttls-not-supported", receiving_mx_hostname: HOST },
    });
    expect(judgeTls(owed, BROKEN)).toMatchObject({ satisfied: false, mayGoPlain: false, result: { result_type: "validation-failure" } });
  });

  test.each<[CertificateName, string | null]>([
    ["localhost", null],
    ["wildcard", null],
    ["chain", null],
    ["wrong-name", "certificate-host-mismatch"],
    ["expired", "certificate-expired"],
    ["not-yet-valid", "certificate-expired"],
    ["self-signed", "certificate-not-trusted"],
    ["incomplete-chain", "certificate-not-trusted"],
  ])("verify, for the host: %s gives %s", async (name, expected) => {
    const owed = configured({ level: "verify", names: "host" });
    expect(judged(owed, await met(owed, name))).toEqual([expected === null, expected]);
  });

  test("verify, for the domain or given names: a certificate for the host's own name is not enough", async () => {
    const owed = configured({ level: "verify", names: "domain" });
    expect(judged(owed, await met(owed, "localhost"))).toEqual([false, "certificate-host-mismatch"]);
    const named = configured({ level: "verify", names: ["nobody.example", "other.example.net"] });
    expect(judged(named, await met(named, "wrong-name"))).toEqual([true, null]);
  });

  test.each([
    ["127.0.0.1", null],
    ["127.0.0.2", "certificate-host-mismatch"],
  ])("verify, for a relay that is an address: %s", async (host, expected) => {
    const owed = rule({ host, configured: { level: "verify", names: "host" } });
    expect(judged(owed, await met(owed, "localhost"))).toEqual([expected === null, expected]);
  });

  test("fingerprint: one of the configured ones, in any notation", async () => {
    const [own] = certificatesIn(certificate("self-signed").certificate);
    const owed = configured({ level: "fingerprint", sha256: ["00".repeat(32), own?.fingerprint256 ?? ""] });
    expect(judged(owed, await met(owed, "self-signed"))).toEqual([true, null]);
    expect(judgeTls(owed, await met(owed, "localhost"))).toMatchObject({ satisfied: false, problem: { phase: "tls", code: "tls_certificate" } });
  });

  test("dane only: a host without records gets no mail", () => {
    expect(configured({ level: "dane" })).toMatchObject({ outcome: "skip", source: "configured", violation: { type: "dane-required" } });
  });
});

describe("DANE", () => {
  const middle = selfSigned({ names: ["Middle one"], authority: true, issuer: selfSigned({ names: ["Unknown root"], authority: true }) });
  const own = selfSigned({ names: [HOST], issuer: middle });

  test("the certificate received in the handshake is compared with the records", async () => {
    for (const parameters of ["3 1 1", "3 0 2"]) {
      const owed = dane(tlsaFor(own.certificate, parameters));
      expect(judged(owed, await meet(owed, own, ""))).toEqual([true, null]);
    }
  });

  test("point 45: an intermediate authority is enough, and no root is needed", async () => {
    const owed = dane(tlsaFor(middle.certificate, "2 0 1"));
    expect(judged(owed, await meet(owed, own, ""))).toEqual([true, null]);
    expect(judged(owed, await meet(owed, selfSigned({ names: ["example.org"], issuer: middle }), ""))).toEqual([true, null]);
    expect(judged(owed, await meet(owed, selfSigned({ names: ["mx.example.net"], issuer: middle }), ""))).toEqual([false, "certificate-host-mismatch"]);
  });

  test("a publicly trusted certificate is not enough", async () => {
    const owed = dane(tlsaFor(own.certificate, "3 1 1"));
    expect(judgeTls(owed, await met(owed, "localhost"))).toMatchObject({
      satisfied: false,
      mayGoPlain: false,
      problem: { phase: "tls", code: "tls_certificate", retryable: true },
      result: { policy_type: "tlsa", policy_domain: HOST, result_type: "validation-failure" },
    });
    expect(judged(owed, NOT_OFFERED)).toEqual([false, "starttls-not-supported"]);
    expect(judged(owed, BROKEN)).toEqual([false, "validation-failure"]);
  });

  test("point 44: unusable records require TLS with any certificate, and are reported", async () => {
    const owed = dane(tlsaFor(own.certificate, "1 1 1"));
    expect(judged(owed, await meet(owed, own, ""))).toEqual([true, "tlsa-invalid"]);
    expect(judgeTls(owed, NOT_OFFERED)).toMatchObject({ satisfied: false, mayGoPlain: false });
  });
});

describe("point 53: MTA-STS", () => {
  test.each<[CertificateName, string | null]>([
    ["localhost", null],
    ["self-signed", "certificate-not-trusted"],
    ["wrong-name", "certificate-host-mismatch"],
  ])("enforced, %s gives %s; in testing mode it is only reported", async (name, expected) => {
    const enforced = sts("enforce");
    expect(judged(enforced, await met(enforced, name))).toEqual([expected === null, expected]);
    const tested = sts("testing");
    expect(judged(tested, await met(tested, name))).toEqual([true, expected]);
  });

  test("without TLS", () => {
    expect(judgeTls(sts("enforce"), NOT_OFFERED)).toMatchObject({ satisfied: false, mayGoPlain: false, result: { result_type: "starttls-not-supported" } });
    expect(judgeTls(sts("testing"), NOT_OFFERED)).toMatchObject({ satisfied: true, mayGoPlain: true, result: { result_type: "starttls-not-supported" } });
    expect(judgeTls(sts("testing"), BROKEN)).toMatchObject({ satisfied: false, mayGoPlain: true });
  });

  test("a host that a policy in mode testing does not name is reported", async () => {
    const tested = sts("testing", "other.example.org");
    expect(judged(tested, await met(tested, "localhost"))).toEqual([true, "validation-failure"]);
  });

  test("RFC 8461, section 4.1: the common name is ignored", async () => {
    const read = (part: string): string => readFileSync(new URL(`../../../fixtures/certificates/common-name-only.${part}`, import.meta.url), "utf8");
    const enforced = sts("enforce");
    const session = await meet(enforced, { certificate: read("pem"), key: read("key.pem") }, testAuthority());
    expect(judged(enforced, session)).toEqual([false, "certificate-host-mismatch"]);
  });
});

describe("RFC 8689: requirements of a message", () => {
  const SECURE = { kind: "secure", hosts: new Set([HOST]), names: [] } as const;
  const none = { kind: "none", reason: "" } as const;

  test("REQUIRETLS: a signed route and a trusted certificate", async () => {
    const owed = rule({ wish: "require_tls", route: SECURE, dane: none });
    expect(owed).toMatchObject({ outcome: "use", level: "verify", source: "require_tls", requireTls: true, referenceNames: [HOST] });
    expect(judged(owed, await met(owed, "localhost"))).toEqual([true, null]);
    expect(judged(owed, await met(owed, "self-signed"))).toEqual([false, "certificate-not-trusted"]);
    expect(judgeTls(owed, NOT_OFFERED)).toMatchObject({ satisfied: false, mayGoPlain: false });
  });

  test("REQUIRETLS: DANE or MTA-STS give both", () => {
    const enforced = { ...NOTHING, wish: "require_tls", sts: readStsPolicy(`version: STSv1\nmode: enforce\nmx: ${HOST}\nmax_age: 1`) as StsPolicy } as const;
    expect(ruleFor(enforced)).toMatchObject({ outcome: "use", level: "verify", source: "mta_sts", requireTls: true });
    const records = [tlsaFor(certificate("localhost").certificate, "3 1 1")];
    const known = { ...NOTHING, wish: "require_tls", route: SECURE, dane: { kind: "records", base: HOST, owner: "x", records } } as const;
    expect(ruleFor(known)).toMatchObject({ outcome: "use", level: "dane", source: "dane", requireTls: true });
    // A policy in testing mode names the hosts as well.
    expect(ruleFor({ ...enforced, sts: { ...enforced.sts, mode: "testing" } })).toMatchObject({ level: "verify", source: "require_tls", testing: false });
  });

  test("REQUIRETLS: a host without authentication gets no mail", () => {
    expect(rule({ wish: "require_tls" })).toMatchObject({ outcome: "skip", requireTls: true, failure: { phase: "tls", code: "not_permitted" } });
    expect(rule({ wish: "require_tls", configured: { level: "may" } })).toMatchObject({ outcome: "skip" });
    expect(rule({ wish: "require_tls", route: { kind: "unknown", reason: "SERVFAIL" } })).toMatchObject({ outcome: "defer", requireTls: true });
  });

  test("REQUIRETLS: an equally strict configuration is enough", () => {
    expect(rule({ wish: "require_tls", configured: { level: "verify", names: "host" } })).toMatchObject({
      outcome: "use",
      source: "configured",
      requireTls: true,
    });
  });

  test("TLS-Required: No overrides published policies, but not the configuration", () => {
    const records = [tlsaFor(certificate("localhost").certificate, "3 1 1")];
    const known = { wish: "tls_required_no", route: SECURE, dane: { kind: "records", base: HOST, owner: "x", records } } as const;
    expect(rule(known)).toMatchObject({ outcome: "use", level: "may", source: "tls_required_no", tlsa: [] });
    expect(rule({ ...known, configured: { level: "encrypt" } })).toMatchObject({ level: "encrypt", source: "configured" });
  });
});
