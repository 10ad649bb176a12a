import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type CertificateOptions, selfSigned } from "../../../../runner/lab/self-signed.js";
import { daneViolation } from "../../../../runner/tls-policy/dane/verify.js";
import { certificatesIn, tlsaFor } from "../../../support/tlsa.js";

const fixture = (name: string): string => readFileSync(new URL(`../../../../fixtures/certificates/${name}.pem`, import.meta.url), "utf8");
const HOST = "mx.example.org";
const DAY_MS = 86_400_000;
const root = selfSigned({ names: ["Root of the test"], authority: true });
const middle = selfSigned({ names: ["Middle of the test"], authority: true, issuer: root });
const low = selfSigned({ names: ["Low one of the test"], authority: true, issuer: middle });
const stranger = selfSigned({ names: ["Root of the test"], authority: true });
const leafOf = (wish: Partial<CertificateOptions> = {}): string => selfSigned({ names: [HOST], issuer: low, ...wish }).certificate;
const leaf = leafOf();

const PAST = { notBefore: new Date(Date.now() - 9 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) };

function violation(records: readonly ReturnType<typeof tlsaFor>[], pem = leaf, { names = [HOST], sent = certificatesIn(pem) } = {}): string | null {
  return daneViolation(records, sent, names, Date.now())?.type ?? null;
}

describe("point 45: usage 3, the host's own certificate", () => {
  test.each(["3 0 0", "3 0 1", "3 0 2", "3 1 0", "3 1 1", "3 1 2"])("%s matches it", (parameters) => {
    expect(violation([tlsaFor(leaf, parameters)])).toBeNull();
  });

  test.each(["3 0 0", "3 0 1", "3 1 0", "3 1 1", "3 1 2"])("%s of another certificate does not match", (parameters) => {
    expect(violation([tlsaFor(leafOf(), parameters)])).toBe("validation-failure");
  });

  test("its names, dates and issuer are ignored", () => {
    const old = selfSigned({ names: ["other.example"], ...PAST }).certificate;
    expect(violation([tlsaFor(old, "3 1 1")], old)).toBeNull();
  });

  test("a record of an authority does not match the host", () => {
    expect(violation([tlsaFor(middle.certificate, "3 1 1")])).toBe("validation-failure");
    expect(violation([tlsaFor(leaf, "2 1 1")])).toBe("validation-failure");
  });

  test("one matching record of several is enough", () => {
    expect(violation([tlsaFor(leafOf(), "3 1 1"), tlsaFor(stranger.certificate, "2 0 1"), tlsaFor(leaf, "3 0 1")])).toBeNull();
  });
});

describe("point 45: usage 2, an authority above it", () => {
  test.each(["2 0 0", "2 0 1", "2 0 2", "2 1 0", "2 1 1", "2 1 2"])(
    "%s matches, also for one that is neither self-signed nor in a trust store",
    (parameters) => {
      expect(violation([tlsaFor(low.certificate, parameters)])).toBeNull();
      expect(violation([tlsaFor(middle.certificate, parameters)])).toBeNull();
    },
  );

  test("the root matches if it was sent", () => {
    expect(violation([tlsaFor(root.certificate, "2 0 1")])).toBe("validation-failure");
    expect(violation([tlsaFor(root.certificate, "2 0 1")], `${leaf}${root.certificate}`)).toBeNull();
  });

  test("a record that holds all of it needs nothing to be sent", () => {
    expect(violation([tlsaFor(root.certificate, "2 0 0")])).toBeNull();
    expect(violation([tlsaFor(root.certificate, "2 1 0")])).toBeNull();
    expect(violation([tlsaFor(stranger.certificate, "2 0 0")])).toBe("validation-failure");
    expect(violation([tlsaFor(stranger.certificate, "2 1 0")])).toBe("validation-failure");
  });

  test("the order of the sent certificates does not matter", () => {
    const [own, ...others] = certificatesIn(leaf);
    const sent = [own as NonNullable<typeof own>, ...others.reverse()];
    expect(violation([tlsaFor(middle.certificate, "2 1 1")], leaf, { sent })).toBeNull();
  });

  test("an authority outside the chain does not match", () => {
    const others = selfSigned({ names: [HOST] }).certificate;
    expect(violation([tlsaFor(middle.certificate, "2 1 1")], `${others}${middle.certificate}`)).toBe("validation-failure");
  });

  test("one of the same name and another key does not match", () => {
    const forged = selfSigned({ names: [HOST], issuer: stranger }).certificate;
    expect(violation([tlsaFor(root.certificate, "2 0 1")], `${forged}${root.certificate}`)).toBe("validation-failure");
  });

  test("a certificate with a matching issuer name and key identifier needs a valid signature", () => {
    const forged = selfSigned({ names: [HOST], issuer: { certificate: low.certificate, key: stranger.key } }).certificate;
    expect(violation([tlsaFor(low.certificate, "2 1 1")], forged)).toBe("validation-failure");
    expect(violation([tlsaFor(middle.certificate, "2 0 0")], forged)).toBe("validation-failure");
  });

  test("a certificate that may not sign others is no authority", () => {
    const host = selfSigned({ names: ["Host that signs"], issuer: low });
    const signed = selfSigned({ names: [HOST], issuer: host }).certificate;
    expect(violation([tlsaFor(host.certificate, "2 1 1")], signed)).toBe("validation-failure");
    expect(violation([tlsaFor(low.certificate, "2 1 1")], signed)).toBe("validation-failure");
  });

  test("the name is checked: the host's or the domain's, with a wildcard for one label", () => {
    const record = [tlsaFor(low.certificate, "2 1 1")];
    expect(violation(record, leafOf({ names: ["other.example"] }))).toBe("certificate-host-mismatch");
    expect(violation(record, leafOf({ names: ["example.com"] }), { names: [HOST, "example.com"] })).toBeNull();
    expect(violation(record, leafOf({ names: ["*.example.org"] }))).toBeNull();
    expect(violation(record, leafOf({ names: ["*.org"] }))).toBe("certificate-host-mismatch");
    expect(violation(record, leafOf({ names: ["m*.example.org"] }))).toBe("certificate-host-mismatch");
  });

  test("the dates of each certificate up to the authority are checked", () => {
    expect(violation([tlsaFor(low.certificate, "2 1 1")], leafOf(PAST))).toBe("certificate-expired");
    const gone = selfSigned({ names: ["Gone one of the test"], authority: true, issuer: middle, ...PAST });
    const below = leafOf({ issuer: gone });
    expect(violation([tlsaFor(middle.certificate, "2 1 1")], below)).toBe("certificate-expired");
    const future = leafOf({ notBefore: new Date(Date.now() + DAY_MS), notAfter: new Date(Date.now() + 9 * DAY_MS) });
    expect(violation([tlsaFor(low.certificate, "2 1 1")], future)).toBe("certificate-expired");
  });

  test("certificates above the authority are ignored", () => {
    const gone = selfSigned({ names: ["Gone root of the test"], authority: true, ...PAST });
    const alive = selfSigned({ names: ["Alive one of the test"], authority: true, issuer: gone });
    expect(violation([tlsaFor(alive.certificate, "2 0 1")], `${leafOf({ issuer: alive })}${gone.certificate}`)).toBeNull();
  });

  test("certificates with circular issuers are handled quickly", () => {
    const many = Array.from({ length: 60 }, () => selfSigned({ names: ["Root of the test"], authority: true }).certificate);
    const began = performance.now();
    expect(violation([tlsaFor(low.certificate, "2 1 1")], `${leafOf({ issuer: root })}${many.join("")}`)).toBe("validation-failure");
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("certificates for another purpose", () => {
  const authority = fixture("authority");

  test("an authority with name constraints is not trusted below the published one", () => {
    const sent = `${fixture("below-constrained")}${fixture("constrained")}${authority}`;
    expect(violation([tlsaFor(authority, "2 1 1")], sent)).toBe("validation-failure");
    expect(violation([tlsaFor(fixture("constrained"), "2 1 1")], sent)).toBeNull();
  });

  test("a client certificate is refused for a host", () => {
    const sent = `${fixture("client-only")}${authority}`;
    expect(violation([tlsaFor(authority, "2 1 1")], sent)).toBe("validation-failure");
    expect(violation([tlsaFor(sent, "3 1 1")], sent)).toBeNull();
  });

  test("RFC 7672, section 3.2.3: the common name is used if there is no other", () => {
    const sent = `${fixture("common-name-only")}${authority}`;
    expect(violation([tlsaFor(authority, "2 1 1")], sent)).toBeNull();
    expect(violation([tlsaFor(authority, "2 1 1")], sent, { names: ["mx.example.net"] })).toBe("certificate-host-mismatch");
  });
});

test("a host without a certificate does not match", () => {
  expect(daneViolation([tlsaFor(leaf, "3 1 1")], [], [HOST], Date.now())).toMatchObject({ type: "validation-failure" });
});
