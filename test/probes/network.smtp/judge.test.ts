import { describe, expect, test } from "vitest";
import { emptyEvidence, type SmtpEvidence } from "../../../probes/network.smtp/evidence.js";
import { type Expectations, type Input, newest } from "../../../probes/network.smtp/schema.js";
import { SMTP } from "../../../probes/network.smtp/service.js";
import { tlsModeOf } from "../../../runner/service-check/check-service.js";
import { judge } from "../../../runner/service-check/judge.js";
import { failure } from "../../../schemas/failure.js";
import type { TlsFacts } from "../../../schemas/tls.js";

function inputWith(asked: Partial<Input>): Input {
  const input = { target_host: "mx.example.org", ...asked } as Input;
  expect(newest.input.validator(input)).toBe(true);
  return input;
}

/** What a good server shows. */
function evidence(changes: Partial<SmtpEvidence> = {}): SmtpEvidence {
  return {
    ...emptyEvidence(inputWith({})),
    banner: "mx.example.org ESMTP",
    capabilities: [
      { keyword: "STARTTLS", parameters: [] },
      { keyword: "AUTH", parameters: ["PLAIN", "LOGIN"] },
    ],
    size: { meaning: "limit", bytes: 1000, text: "1000" },
    response_time_ms: 12.5,
    ...changes,
  };
}

/** The reasons of what is found, after a run of 40 ms. */
function reasons(asked: Partial<Input>, seen: SmtpEvidence): string[] {
  judge(SMTP, inputWith(asked), seen, 40);
  return seen.findings.map(({ severity, reason }) => `${severity} ${reason}`);
}

test.each<[number, Partial<Input["tls"]>, string]>([
  [465, {}, "implicit"],
  [25, {}, "opportunistic"],
  [587, {}, "opportunistic"],
  [465, { mode: "none" }, "none"],
  [25, { mode: "implicit" }, "implicit"],
])("on port %i with tls %j TLS is %s", (port, tls, expected) => {
  expect(tlsModeOf(SMTP, inputWith({ target_port: port, tls: tls as Input["tls"] }))).toBe(expected);
});

/** A session with a certificate that is trusted, and valid for so many days. */
function secured(daysLeft: number, changes: Partial<TlsFacts> = {}): TlsFacts {
  const certificate: TlsFacts["certificate"] = {
    subject: "CN=mx.example.org",
    issuer: "CN=an authority",
    subject_alternative_names: ["DNS:mx.example.org"],
    not_before: "2026-01-01T00:00:00.000Z",
    not_after: "2027-01-01T00:00:00.000Z",
    days_left: daysLeft,
    serial_number: "01",
    fingerprint_sha256: "00",
    key_type: "prime256v1",
    key_bits: null,
    signature_algorithm: null,
    signature_hash: null,
    self_signed: false,
  };
  const facts = { version: "TLSv1.2", cipher: "TLS_AES_128_GCM_SHA256", alpn: null, servername: "mx.example.org", problem_detail: null } as const;
  return { ...facts, authorised: true, problems: [], invalid_reasons: [], certificate, chain: [certificate], verified_chain: [certificate], ...changes };
}

describe("a certificate", () => {
  const tls = (asked: Partial<Input["tls"]>): Partial<Input> => ({ tls: asked as Input["tls"] });

  test.each<[left: number, reasons: string[]]>([
    [14, []],
    [13, ["warning certificate_expires_soon"]],
    [0, ["warning certificate_expires_soon"]],
    [-1, []],
  ])("with %i days left if 14 are expected", (left, expected) => {
    expect(reasons(tls({ warn_days: 14 }), evidence({ tls: secured(left) }))).toEqual(expected);
  });

  test.each([
    ["report", ["warning certificate_not_trusted"]],
    ["ignore", []],
  ] as const)("that is not trusted, with verify %s", (verify, expected) => {
    const facts = secured(100, { authorised: false, problems: ["self_signed"] });
    expect(reasons(tls({ verify }), evidence({ tls: facts }))).toEqual(expected);
  });

  test("the expected days and the expected TLS version are separate", () => {
    const expect14 = { expect: { min_certificate_days: 14, min_tls_version: "TLSv1.2" } } as const;
    expect(reasons({ ...tls({ warn_days: 0 }), ...expect14 }, evidence({ tls: secured(14) }))).toEqual([]);
    expect(reasons({ ...tls({ warn_days: 0 }), ...expect14 }, evidence({ tls: secured(13, { version: "TLSv1.1" }) }))).toEqual([
      "error certificate_expires_soon",
      "error tls_too_old",
    ]);
  });
});

describe("an expectation", () => {
  test.each<[Expectations, Expectations, string]>([
    [{ banner: "example.org" }, { banner: "example.net" }, "banner_differs"],
    [{ starttls: true }, { starttls: false }, "starttls_offered"],
    [{ capabilities: ["starttls"] }, { capabilities: ["STARTTLS", "PIPELINING"] }, "capability_missing"],
    [{ auth_mechanisms: ["plain"] }, { auth_mechanisms: ["CRAM-MD5"] }, "auth_mechanism_missing"],
    [{ min_size_bytes: 1000 }, { min_size_bytes: 1001 }, "size_too_small"],
    [{ max_response_time_ms: 12.5 }, { max_response_time_ms: 12.4 }, "slow_response"],
    [{ max_duration_ms: 40 }, { max_duration_ms: 39 }, "slow_run"],
    [{}, { min_tls_version: "TLSv1.2" }, "tls_too_old"],
    [{}, { min_certificate_days: 1 }, "certificate_expires_soon"],
  ])("%j is met, and %j is not", (met, unmet, reason) => {
    expect(reasons({ expect: met, prefer: met }, evidence())).toEqual([]);
    expect(reasons({ expect: unmet }, evidence())).toEqual([`error ${reason}`]);
    expect(reasons({ prefer: unmet }, evidence())).toEqual([`warning ${reason}`]);
  });

  test("of STARTTLS is met by the capabilities before TLS", () => {
    const secured = evidence({ capabilities: [], capabilities_before_tls: [{ keyword: "STARTTLS", parameters: [] }] });
    expect(reasons({ expect: { starttls: true } }, secured)).toEqual([]);
  });

  test("of a size is met without a limit", () => {
    for (const meaning of ["unlimited", "absent"] as const) {
      expect(reasons({ expect: { min_size_bytes: 10 } }, evidence({ size: { meaning, bytes: null, text: null } }))).toEqual([]);
    }
  });

  test("is not judged if the run failed", () => {
    expect(reasons({ expect: { banner: "example.net", min_tls_version: "TLSv1.3" } }, evidence({ failure: failure("noop", "closed", "gone") }))).toEqual([]);
  });

  test("reports the expected and the actual value", () => {
    const seen = evidence();
    judge(SMTP, inputWith({ expect: { capabilities: ["pipelining", "starttls"], max_response_time_ms: 5 } }), seen, 40);
    expect(seen.findings).toEqual([
      {
        severity: "error",
        reason: "capability_missing",
        message: "EHLO does not offer PIPELINING",
        expected: "pipelining starttls",
        actual: "without PIPELINING",
      },
      { severity: "error", reason: "slow_response", message: "NOOP took 12.5 ms", expected: "5", actual: "12.5" },
    ]);
  });
});
