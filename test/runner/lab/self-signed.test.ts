import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selfSigned } from "../../../runner/lab/self-signed.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-x509-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function openssl(...words: string[]): string {
  return execFileSync("openssl", words, { encoding: "utf8" });
}

describe("a certificate made here", () => {
  const made = selfSigned({
    names: ["localhost", "*.example.org", "127.0.0.1", "::1", "2001:db8::7:0:1"],
    notBefore: new Date("2020-01-02T03:04:05Z"),
    notAfter: new Date("2120-01-02T03:04:05Z"),
  });

  test("verifies against itself with openssl", () => {
    const path = file("self.pem", made.certificate);
    expect(openssl("verify", "-x509_strict", "-CAfile", path, path)).toBe(`${path}: OK\n`);
  });

  test("has the requested values in openssl", () => {
    const text = openssl("x509", "-in", file("text.pem", made.certificate), "-noout", "-text");
    expect(text).toContain("DNS:localhost, DNS:*.example.org, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:7:0:1");
    expect(text).toContain("Not Before: Jan  2 03:04:05 2020 GMT");
    expect(text).toContain("Not After : Jan  2 03:04:05 2120 GMT");
    expect(text).toContain("CA:FALSE");
    expect(text).toContain("Digital Signature");
    expect(text).toContain("TLS Web Server Authentication");
  });

  test("matches its key", () => {
    const key = openssl("pkey", "-in", file("key.pem", made.key), "-pubout");
    expect(openssl("x509", "-in", file("fits.pem", made.certificate), "-noout", "-pubkey")).toBe(key);
  });

  test("matches its names in Node", () => {
    const certificate = new X509Certificate(made.certificate);
    expect(certificate.checkHost("mx.example.org")).toBe("*.example.org");
    expect(certificate.checkHost("mx.example.net")).toBeUndefined();
    expect(certificate.checkIP("2001:db8::7:0:1")).toBeDefined();
  });

  test("expires at the given time", () => {
    const soon = selfSigned({ names: ["localhost"], notAfter: new Date(Date.now() + 3 * 86_400_000 + 60_000) });
    const days = (Date.parse(new X509Certificate(soon.certificate).validTo) - Date.now()) / 86_400_000;
    expect(Math.floor(days)).toBe(3);
  });
});

test("openssl accepts a chain of authority, intermediate and leaf, and the leaf's file contains the intermediate", () => {
  const authority = selfSigned({ names: ["Test Authority"], authority: true });
  const intermediate = selfSigned({ names: ["Test Intermediate"], authority: true, issuer: authority });
  const leaf = selfSigned({ names: ["localhost"], issuer: intermediate });
  const root = file("root.pem", authority.certificate);
  const chain = file("chain.pem", leaf.certificate);
  expect(leaf.certificate.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(openssl("verify", "-x509_strict", "-CAfile", root, "-untrusted", chain, chain)).toBe(`${chain}: OK\n`);
});

test("a certificate without a name is refused", () => {
  expect(() => selfSigned({ names: [] })).toThrow("A certificate needs at least one name.");
});
