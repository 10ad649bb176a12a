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
  test.each(["3 0 0", "3 0 1", "3 0 2", "3 1 0", "3 1 1", "3 1 2"])("%s vouches for it", (parameters) => {
    expect(violation([tlsaFor(leaf, parameters)])).toBeNull();
  });

  test.each(["3 0 0", "3 0 1", "3 1 0", "3 1 1", "3 1 2"])("%s of another one does not", (parameters) => {
    expect(violation([tlsaFor(leafOf(), parameters)])).toBe("validation-failure");
  });

  test("neither its name nor its dates count, nor who signed it", () => {
    const old = selfSigned({ names: ["somebody.else.example"], ...PAST }).certificate;
    expect(violation([tlsaFor(old, "3 1 1")], old)).toBeNull();
  });

  test("a record of an authority is none of the host", () => {
    expect(violation([tlsaFor(middle.certificate, "3 1 1")])).toBe("validation-failure");
    expect(violation([tlsaFor(leaf, "2 1 1")])).toBe("validation-failure");
  });

  test("one of several records will do", () => {
    expect(violation([tlsaFor(leafOf(), "3 1 1"), tlsaFor(stranger.certificate, "2 0 1"), tlsaFor(leaf, "3 0 1")])).toBeNull();
  });
});

describe("point 45: usage 2, an authority above it", () => {
  test.each(["2 0 0", "2 0 1", "2 0 2", "2 1 0", "2 1 1", "2 1 2"])("%s vouches, also one that is not self-signed and that no store holds", (parameters) => {
    expect(violation([tlsaFor(low.certificate, parameters)])).toBeNull();
    expect(violation([tlsaFor(middle.certificate, parameters)])).toBeNull();
  });

  test("the root vouches where it was sent", () => {
    expect(violation([tlsaFor(root.certificate, "2 0 1")])).toBe("validation-failure");
    expect(violation([tlsaFor(root.certificate, "2 0 1")], `${leaf}${root.certificate}`)).toBeNull();
  });

  test("a record that holds all of it needs nothing to be sent", () => {
    expect(violation([tlsaFor(root.certificate, "2 0 0")])).toBeNull();
    expect(violation([tlsaFor(root.certificate, "2 1 0")])).toBeNull();
    expect(violation([tlsaFor(stranger.certificate, "2 0 0")])).toBe("validation-failure");
    expect(violation([tlsaFor(stranger.certificate, "2 1 0")])).toBe("validation-failure");
  });

  test("the order in which certificates were sent does not count", () => {
    const [own, ...others] = certificatesIn(leaf);
    const sent = [own as NonNullable<typeof own>, ...others.reverse()];
    expect(violation([tlsaFor(middle.certificate, "2 1 1")], leaf, { sent })).toBeNull();
  });

  test("an authority that was sent but signed nothing here does not vouch", () => {
    const others = selfSigned({ names: [HOST] }).certificate;
    expect(violation([tlsaFor(middle.certificate, "2 1 1")], `${others}${middle.certificate}`)).toBe("validation-failure");
  });

  test("one of the same name and another key does not vouch", () => {
    const forged = selfSigned({ names: [HOST], issuer: stranger }).certificate;
    expect(violation([tlsaFor(root.certificate, "2 0 1")], `${forged}${root.certificate}`)).toBe("validation-failure");
  });

  test("one that only says so, by name and key identifier, was not signed by an authority", () => {
    const forged = selfSigned({ names: [HOST], issuer: { certificate: low.certificate, key: stranger.key } }).certificate;
    expect(violation([tlsaFor(low.certificate, "2 1 1")], forged)).toBe("validation-failure");
    expect(violation([tlsaFor(middle.certificate, "2 0 0")], forged)).toBe("validation-failure");
  });

  test("what may sign nobody is no authority", () => {
    const host = selfSigned({ names: ["Host that signs"], issuer: low });
    const signed = selfSigned({ names: [HOST], issuer: host }).certificate;
    expect(violation([tlsaFor(host.certificate, "2 1 1")], signed)).toBe("validation-failure");
    expect(violation([tlsaFor(low.certificate, "2 1 1")], signed)).toBe("validation-failure");
  });

  test("the name counts: the host's, the domain's, with a star for one label", () => {
    const record = [tlsaFor(low.certificate, "2 1 1")];
    expect(violation(record, leafOf({ names: ["other.example"] }))).toBe("certificate-host-mismatch");
    expect(violation(record, leafOf({ names: ["example.com"] }), { names: [HOST, "example.com"] })).toBeNull();
    expect(violation(record, leafOf({ names: ["*.example.org"] }))).toBeNull();
    expect(violation(record, leafOf({ names: ["*.org"] }))).toBe("certificate-host-mismatch");
    expect(violation(record, leafOf({ names: ["m*.example.org"] }))).toBe("certificate-host-mismatch");
  });

  test("so do the dates, of each certificate up to the authority", () => {
    expect(violation([tlsaFor(low.certificate, "2 1 1")], leafOf(PAST))).toBe("certificate-expired");
    const gone = selfSigned({ names: ["Gone one of the test"], authority: true, issuer: middle, ...PAST });
    const below = leafOf({ issuer: gone });
    expect(violation([tlsaFor(middle.certificate, "2 1 1")], below)).toBe("certificate-expired");
    const future = leafOf({ notBefore: new Date(Date.now() + DAY_MS), notAfter: new Date(Date.now() + 9 * DAY_MS) });
    expect(violation([tlsaFor(low.certificate, "2 1 1")], future)).toBe("certificate-expired");
  });

  test("what stands above the authority does not count", () => {
    const gone = selfSigned({ names: ["Gone root of the test"], authority: true, ...PAST });
    const alive = selfSigned({ names: ["Alive one of the test"], authority: true, issuer: gone });
    expect(violation([tlsaFor(alive.certificate, "2 0 1")], `${leafOf({ issuer: alive })}${gone.certificate}`)).toBeNull();
  });

  test("certificates that all seem to have signed each other do not keep us busy", () => {
    const many = Array.from({ length: 60 }, () => selfSigned({ names: ["Root of the test"], authority: true }).certificate);
    const began = performance.now();
    expect(violation([tlsaFor(low.certificate, "2 1 1")], `${leafOf({ issuer: root })}${many.join("")}`)).toBe("validation-failure");
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("certificates that are made for something else", () => {
  const authority = fixture("authority");

  test("an authority that may sign some names only is not trusted below the one that was published", () => {
    const sent = `${fixture("below-constrained")}${fixture("constrained")}${authority}`;
    expect(violation([tlsaFor(authority, "2 1 1")], sent)).toBe("validation-failure");
    expect(violation([tlsaFor(fixture("constrained"), "2 1 1")], sent)).toBeNull();
  });

  test("a client's certificate is no host's", () => {
    const sent = `${fixture("client-only")}${authority}`;
    expect(violation([tlsaFor(authority, "2 1 1")], sent)).toBe("validation-failure");
    expect(violation([tlsaFor(sent, "3 1 1")], sent)).toBeNull();
  });

  test("RFC 7672, section 3.2.3: a common name counts where there is no other", () => {
    const sent = `${fixture("common-name-only")}${authority}`;
    expect(violation([tlsaFor(authority, "2 1 1")], sent)).toBeNull();
    expect(violation([tlsaFor(authority, "2 1 1")], sent, { names: ["mx.example.net"] })).toBe("certificate-host-mismatch");
  });
});

test("a host without a certificate is not vouched for", () => {
  expect(daneViolation([tlsaFor(leaf, "3 1 1")], [], [HOST], Date.now())).toMatchObject({ type: "validation-failure" });
});
