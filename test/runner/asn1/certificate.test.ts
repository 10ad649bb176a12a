import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { describe, expect, test } from "vitest";
import { readCertificate, signedTimestamps, subjectPublicKeyInfo } from "../../../runner/asn1/certificate.js";
import { Asn1Error } from "../../../runner/asn1/decode-ber.js";

describe("the certificate reader, beside Node", () => {
  test("agrees with Node on every root certificate that Node ships", () => {
    expect(rootCertificates.length).toBeGreaterThan(100);
    for (const pem of rootCertificates) {
      const certificate = new X509Certificate(pem);
      const details = readCertificate(certificate.raw);
      const key = certificate.publicKey;
      expect(details.key_algorithm, certificate.subject).toBe(key.asymmetricKeyType);
      expect(details.is_ca, certificate.subject).toBe(certificate.ca);
      if (key.asymmetricKeyDetails?.modulusLength !== undefined) expect(details.key_bits, certificate.subject).toBe(key.asymmetricKeyDetails.modulusLength);
      expect(subjectPublicKeyInfo(certificate.raw)).toEqual(key.export({ type: "spki", format: "der" }));
    }
  });
});

describe("bytes that are no certificate", () => {
  const certificate = new X509Certificate(rootCertificates[0] as string).raw;

  test("every cut of one throws an Asn1Error, and nothing else", () => {
    for (let length = 0; length < certificate.length; length += 1) {
      expect(() => readCertificate(certificate.subarray(0, length)), `${length} bytes`).toThrow(Asn1Error);
    }
  });

  test("every flipped byte gives an answer or an Asn1Error", () => {
    for (let index = 0; index < certificate.length; index += 1) {
      const damaged = Buffer.from(certificate);
      damaged[index] = (damaged[index] as number) ^ 0xff;
      try {
        readCertificate(damaged);
      } catch (error) {
        expect(error, `byte ${index}`).toBeInstanceOf(Asn1Error);
      }
    }
  });

  test("elements that nest without end are refused", () => {
    const nested = Array.from({ length: 200 }).reduce<Buffer>(
      (inner) => Buffer.concat([Buffer.from([0x30, 0x82, inner.length >> 8, inner.length & 0xff]), inner]),
      Buffer.alloc(0),
    );
    expect(() => readCertificate(nested)).toThrow(/32 deep/);
  });

  test("a list of timestamps that is cut off is refused", () => {
    expect(() => signedTimestamps(Buffer.from([0, 5, 0, 3, 1, 2, 3]))).toThrow(Asn1Error);
  });
});
