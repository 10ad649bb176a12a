import { X509Certificate } from "node:crypto";
import { createServer, type TlsOptions } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { selfSigned } from "../../../../runner/lab/self-signed.js";
import { judgeCertificates } from "../../../../runner/net/transport/certificate.js";
import type { Connection } from "../../../../runner/net/transport/connection.js";
import type { SecureOptions } from "../../../../runner/net/transport/secure-options.js";
import { tlsGrant } from "../../../../runner/net/transport/tls.js";
import { FailureError } from "../../../../runner/run/failure-error.js";
import type { TlsFacts } from "../../../../schemas/tls.js";
import { type CertificateName, certificate, testAuthority } from "../../../support/certificates.js";
import { testRun } from "../../../support/smtp-context.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

/** A TLS server, and the name that its client sent: undefined before there was one, null when it sent none. */
async function serve(options: TlsOptions): Promise<{ port: number; asked: () => string | null | undefined }> {
  let asked: string | null | undefined;
  const server = createServer(options, (socket) => {
    asked = socket.servername || null;
    socket.on("error", () => {});
    socket.resume();
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(server);
  return { port: (server.address() as { port: number }).port, asked: () => asked };
}

async function secure(port: number, options: Partial<SecureOptions> = {}): Promise<TlsFacts> {
  const run = testRun();
  const connection: Connection = await run.context.tcp.connect({ host: "127.0.0.1", port, address_family: "any", connect_timeout_ms: 2000 });
  open.push(connection);
  try {
    return await tlsGrant(run.state).secure(connection, { host: "mx.example.org", min_version: "TLSv1.2", ca: testAuthority(), ...options }, 2000);
  } finally {
    run.state.deadline.release();
  }
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FailureError);
  return (error as FailureError).failure;
}

const served = (name: CertificateName): TlsOptions => {
  const { certificate: cert, key } = certificate(name);
  return { cert, key };
};

const certificateProblems = (...judged: Parameters<typeof judgeCertificates>): string[] => judgeCertificates(...judged).problems;

const OLD = { ciphers: "DEFAULT@SECLEVEL=0" } as const;

describe("point 25: versions", () => {
  test.each(["TLSv1.2", "TLSv1.3"] as const)("%s is used if it is the newest", async (version) => {
    const { port } = await serve({ ...served("localhost"), maxVersion: version });
    expect(await secure(port)).toMatchObject({ version, authorised: true });
  });

  test.each(["TLSv1", "TLSv1.1"] as const)("%s is refused by default, and used if it is requested", async (version) => {
    const { port } = await serve({ ...served("localhost"), ...OLD, minVersion: version, maxVersion: version });
    expect(await failure(secure(port))).toMatchObject({ phase: "tls", code: "tls_protocol", retryable: false });
    expect(await secure(port, { min_version: version })).toMatchObject({ version });
  });

  test("a server below the required version", async () => {
    const { port } = await serve({ ...served("localhost"), maxVersion: "TLSv1.2" });
    expect(await failure(secure(port, { min_version: "TLSv1.3" }))).toMatchObject({ phase: "tls", code: "tls_protocol" });
  });

  test("the small ClientHello uses TLS 1.2, also with a newer server", async () => {
    const { port } = await serve(served("localhost"));
    expect(await secure(port, { reducedHello: true })).toMatchObject({ version: "TLSv1.2", authorised: true });
  });
});

describe("point 23: the name that is sent", () => {
  test.each([
    ["mx.example.org", "mx.example.org"],
    ["mx.example.org.", "mx.example.org"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["127.0.0.1", null],
    ["::1", null],
  ])("%s: %s", async (host, expected) => {
    const { port, asked } = await serve(served("localhost"));
    expect((await secure(port, { host })).servername).toBe(expected);
    await expect.poll(asked).toBe(expected);
  });
});

describe("point 27: each problem of a certificate is reported", () => {
  const past = new Date("2020-01-01T00:00:00Z");
  const DAY_MS = 86_400_000;

  test("three problems at once", async () => {
    const { certificate: cert, key } = selfSigned({ names: ["other.example.net"], notBefore: past, notAfter: new Date(past.getTime() + DAY_MS) });
    const { port } = await serve({ cert, key });
    const facts = await secure(port);
    expect([...facts.problems].sort()).toEqual(["expired", "name_mismatch", "self_signed"]);
    expect(facts).toMatchObject({ authorised: false, certificate: { self_signed: true, subject: "CN=other.example.net" } });
    expect(facts.certificate?.days_left).toBeLessThan(0);
  });

  test("the chain is shown as it was sent, the server's own certificate first", async () => {
    const { port } = await serve(served("chain"));
    const facts = await secure(port);
    expect(facts.chain.map(({ subject, issuer }) => [subject, issuer])).toEqual([
      ["CN=localhost", "CN=probe-run test intermediate"],
      ["CN=probe-run test intermediate", "CN=probe-run test authority"],
    ]);
    expect(facts.certificate).toEqual(facts.chain[0]);
    expect(facts.certificate).toMatchObject({
      key_type: "prime256v1",
      key_bits: 256,
      signature_algorithm: "ecdsaWithSHA256",
      signature_hash: "sha256",
      self_signed: false,
    });
    expect(facts.certificate?.subject_alternative_names).toContain("DNS:mx.example.org");
    expect(facts.certificate?.fingerprint_sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test("a self-signed certificate is valid if the caller trusts it", async () => {
    const own = certificate("self-signed");
    const { port } = await serve({ cert: own.certificate, key: own.key });
    expect(await secure(port, { ca: own.certificate })).toMatchObject({ authorised: true, problems: [] });
  });

  test("the common name is ignored: only alternative names are used", () => {
    const onlyCommonName = new X509Certificate(COMMON_NAME_ONLY);
    expect(onlyCommonName.subject).toBe("CN=mx.example.org");
    expect(certificateProblems([onlyCommonName], null, "mx.example.org", Date.parse(onlyCommonName.validFrom) + DAY_MS)).toEqual(["name_mismatch"]);
  });

  test("a wildcard matches one label", () => {
    const wildcard = new X509Certificate(certificate("wildcard").certificate);
    const problems = (name: string): string[] => certificateProblems([wildcard], null, name, Date.now());
    expect(problems("mx.example.org")).toEqual([]);
    expect(problems("MX.Example.ORG")).toEqual([]);
    expect(problems("a.mx.example.org")).toEqual(["name_mismatch"]);
    expect(problems("example.org")).toEqual(["name_mismatch"]);
    expect(problems("mx.example.org.evil.example")).toEqual(["name_mismatch"]);
  });

  test("a wildcard is a whole label", () => {
    const partial = new X509Certificate(selfSigned({ names: ["m*.example.org"] }).certificate);
    expect(certificateProblems([partial], null, "mx.example.org", Date.now())).toEqual(["name_mismatch"]);
  });

  test.each(["expired", "not_yet_valid"] as const)("%s is reported, even if the library stopped at another problem", (problem) => {
    const own = new X509Certificate(certificate("self-signed").certificate);
    const now = problem === "expired" ? Date.parse(own.validTo) + DAY_MS : Date.parse(own.validFrom) - DAY_MS;
    expect(certificateProblems([own], "DEPTH_ZERO_SELF_SIGNED_CERT", "mx.example.org", now)).toEqual(expect.arrayContaining([problem, "self_signed"]));
  });

  test("no certificate", () => {
    expect(certificateProblems([], null, "mx.example.org", Date.now())).toEqual(["invalid"]);
  });
});

/** Signed by itself for CN=mx.example.org, valid for a hundred years, without alternative names. Its key is thrown away. */
const COMMON_NAME_ONLY = `-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUOcRx0iQ9u9uprfiiwXsbJxcJJO4wCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwObXguZXhhbXBsZS5vcmcwIBcNMjYxMTIwMDQwNzQyWhgPMjEy
NjEwMjcwNDA3NDJaMBkxFzAVBgNVBAMMDm14LmV4YW1wbGUub3JnMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEAzLo0TGBCKpd2HYKTfD+ocDCUzx1CE7Ipil2Lkwz
Kb+OiPs+/sRzp7qGm7p5lfsFQF9JM5sGKNwS4gYStjf/uaNTMFEwHQYDVR0OBBYE
FH/1qt42RAup9qW4SdEVUd7zEcoDMB8GA1UdIwQYMBaAFH/1qt42RAup9qW4SdEV
Ud7zEcoDMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAJcNBN21
dLJKv2YSRjA9U2WVxeiCjmeHSie/iAnrD76jAiArcqsVc4/l1Z9wKws3/jaMbnk3
3K3Ld9f7EPAjvg9dyA==
-----END CERTIFICATE-----`;
