import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { context, objectIdentifier, octets, sequence } from "../../../runner/asn1/encode-der.js";
import { type BimiFacts, examineBimi } from "../../../runner/posture/bimi/examine.js";
import { judgeBimi } from "../../../runner/posture/bimi/judge.js";
import { examineDmarc } from "../../../runner/posture/dmarc/examine.js";
import { questionsIn } from "./labelled-cases.js";

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 1 1"><title>x</title></svg>';
const ZONE = {
  "default._bimi.example.org": { TXT: ["v=BIMI1; l=https://www.example.org/logo.svg; a=https://www.example.org/mark.pem"] },
  "_dmarc.example.org": { TXT: ["v=DMARC1; p=reject"] },
};

/** LogotypeExtn with one image of the subject, as RFC 9399 writes it. */
function logotype(data: Buffer, hashOf: Buffer = data): Buffer {
  const ia5 = (text: string): Buffer => Buffer.concat([Buffer.of(0x16), octets(Buffer.from(text)).subarray(1)]);
  const hash = sequence(sequence(objectIdentifier("2.16.840.1.101.3.4.2.1")), octets(createHash("sha256").update(hashOf).digest()));
  const details = sequence(ia5("image/svg+xml"), sequence(hash), sequence(ia5(`data:image/svg+xml;base64,${data.toString("base64")}`)));
  const direct = context(0, sequence(sequence(details)), { constructed: true });
  return sequence(context(2, direct, { constructed: true }));
}

const folder = mkdtempSync(join(tmpdir(), "probe-run-mark-"));
afterAll(() => rmSync(folder, { recursive: true }));
const openssl = (...argv: readonly string[]): void => void execFileSync("openssl", argv, { cwd: folder, stdio: "pipe" });

beforeAll(() => {
  for (const name of ["root", "other"])
    openssl(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-subj",
      `/O=Mark ${name}`,
      "-days",
      "30",
    );
});

/** A certificate that openssl makes, with the one of its issuer behind it. */
function markFile(extension: Buffer | null, { issuer = "root", domain = "example.org", usage = "1.3.6.1.5.5.7.3.31" } = {}): Buffer {
  const extensions = [
    `subjectAltName=DNS:${domain}`,
    `extendedKeyUsage=${usage}`,
    ...(extension === null ? [] : [`1.3.6.1.5.5.7.1.12=DER:${extension.toString("hex")}`]),
  ];
  openssl(
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    "mark.key",
    "-out",
    "mark.pem",
    "-subj",
    "/O=Example",
    "-days",
    "30",
    "-CA",
    "root.pem",
    "-CAkey",
    "root.key",
    ...extensions.flatMap((each) => ["-addext", each]),
  );
  return Buffer.concat([readFileSync(join(folder, "mark.pem")), readFileSync(join(folder, `${issuer}.pem`))]);
}

async function examined(mark: Buffer, logo: string = SVG): Promise<{ certificate: NonNullable<BimiFacts["certificate"]>; message: string }> {
  const questions = questionsIn(ZONE);
  const dmarc = await examineDmarc("example.org", questions);
  const fetchFile = async (_url: URL, kind: "logo" | "certificate") =>
    ({ kind: "response", status: 200, content_type: "", location: null, body: kind === "logo" ? Buffer.from(logo) : mark, is_cut: false }) as const;
  const facts = await examineBimi("example.org", { selector: "default", fetchFile, now: new Date() }, dmarc, questions);
  const check = judgeBimi(facts, dmarc, []).find(({ id }) => id === "bimi.certificate");
  return { certificate: facts.certificate as NonNullable<BimiFacts["certificate"]>, message: `${check?.verdict}: ${check?.message}` };
}

describe("the certificate of a mark", () => {
  test.each([
    ["compressed, hashed as it is", () => logotype(gzipSync(SVG))],
    ["compressed, hashed uncompressed", () => logotype(gzipSync(SVG), Buffer.from(SVG))],
    ["not compressed", () => logotype(Buffer.from(SVG))],
  ])("its logo is the one of the record: %s", async (_title, extension) => {
    const { certificate, message } = await examined(markFile(extension()));
    expect(certificate).toMatchObject({
      issuer: "O=Mark root",
      is_for_marks: true,
      is_for_domain: true,
      is_chain_signed: true,
      is_hash_right: true,
      is_logo_same: true,
      problem: null,
    });
    expect(message).toBe("pass: the certificate of the mark is for this domain, issued by O=Mark root");
  });

  test.each<[string, () => Buffer, string]>([
    ["another logo", () => markFile(logotype(gzipSync(SVG.replace("x</title>", "y</title>")))), "the logo inside it is not the one that the record names"],
    ["a hash of something else", () => markFile(logotype(gzipSync(SVG), Buffer.from("else"))), "its hash is not that of the logo inside it"],
    [
      "an issuer that has not signed it",
      () => markFile(logotype(gzipSync(SVG)), { issuer: "other" }),
      "the certificates of the file do not sign each other in turn",
    ],
    ["another domain", () => markFile(logotype(gzipSync(SVG)), { domain: "example.net" }), "it is not for this domain"],
    ["another usage", () => markFile(logotype(gzipSync(SVG)), { usage: "serverAuth" }), "it is not issued for marks"],
    ["an extension that is no logotype", () => markFile(Buffer.from("04020101", "hex")), "it is no certificate (PEM)"],
    ["no PEM", () => Buffer.from("hello"), "it is no certificate (PEM)"],
  ])("%s is said", async (_title, make, problem) => {
    expect((await examined(make())).message).toBe(`notice: the certificate at https://www.example.org/mark.pem cannot be used: ${problem}`);
  });

  test("without a logo in it there is no result for one; a decompression bomb is not the same logo", async () => {
    expect((await examined(markFile(null))).certificate).toMatchObject({ is_hash_right: null, is_logo_same: null });
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024, 0x20));
    expect((await examined(markFile(logotype(bomb)))).certificate).toMatchObject({ is_logo_same: null });
  });
});
