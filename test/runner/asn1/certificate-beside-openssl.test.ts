import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readCertificate } from "../../../runner/asn1/certificate.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-certificate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What openssl makes, so that the reader is not tested with the writer that stands beside it. */
function made(key: readonly string[], extensions: readonly string[] = [], sign: readonly string[] = []): Buffer {
  const added = extensions.flatMap((each) => ["-addext", each]);
  return execFileSync(
    "openssl",
    ["req", "-x509", "-nodes", "-subj", "/CN=mx.example.org", "-days", "9", "-outform", "DER", "-keyout", join(folder, "key"), ...key, ...sign, ...added],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
}

describe("the certificate reader, beside openssl", () => {
  test.each([
    [
      ["-newkey", "rsa:1024"],
      ["-sha1"],
      { signature_algorithm: "sha1WithRSAEncryption", signature_hash: "sha1", key_algorithm: "rsa", curve: null, key_bits: 1024 },
    ],
    [["-newkey", "rsa:2048"], ["-sha256"], { signature_algorithm: "sha256WithRSAEncryption", signature_hash: "sha256", key_algorithm: "rsa", key_bits: 2048 }],
    [["-newkey", "rsa:3072"], ["-sha512"], { signature_algorithm: "sha512WithRSAEncryption", signature_hash: "sha512", key_bits: 3072 }],
    [["-newkey", "rsa:2048"], ["-sha384", "-sigopt", "rsa_padding_mode:pss"], { signature_algorithm: "rsassaPss", signature_hash: "sha384" }],
    [
      ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ["-sha256"],
      { signature_algorithm: "ecdsaWithSHA256", key_algorithm: "ec", curve: "P-256", key_bits: 256 },
    ],
    [["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["-sha384"], { signature_algorithm: "ecdsaWithSHA384", curve: "P-384", key_bits: 384 }],
    [["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"], ["-sha512"], { curve: "P-521", key_bits: 521 }],
    [["-newkey", "ed25519"], [], { signature_algorithm: "ed25519", signature_hash: null, key_algorithm: "ed25519", key_bits: 256 }],
  ])("%j %j", (key, sign, expected) => {
    expect(readCertificate(made(key, [], sign))).toMatchObject(expected);
  });

  test("constraints, usages, OCSP, must-staple and what is critical and unknown", () => {
    const details = readCertificate(
      made(
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        [
          "basicConstraints=critical,CA:TRUE,pathlen:3",
          "keyUsage=critical,keyCertSign,cRLSign",
          "extendedKeyUsage=serverAuth,1.2.3.4",
          "nameConstraints=critical,permitted;DNS:example.org,excluded;email:example.net,permitted;IP:192.0.2.0/255.255.255.0",
          "authorityInfoAccess=OCSP;URI:http://ocsp.example.org/,caIssuers;URI:http://ca.example.org/ca.der",
          "tlsfeature=status_request",
          "1.2.3.4.5=critical,ASN1:NULL",
        ],
      ),
    );
    expect(details).toMatchObject({
      is_ca: true,
      path_length: 3,
      key_usage: ["keyCertSign", "cRLSign"],
      extended_key_usage: ["serverAuth", "1.2.3.4"],
      name_constraints: { permitted: ["dns:example.org", "ip:c0000200ffffff00"], excluded: ["email:example.net"] },
      ocsp_urls: ["http://ocsp.example.org/"],
      issuer_urls: ["http://ca.example.org/ca.der"],
      must_staple: true,
      unknown_critical: ["1.2.3.4.5"],
    });
  });
});
