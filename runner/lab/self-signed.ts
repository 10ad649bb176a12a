import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from "node:crypto";
import { parseHost } from "../../schemas/host.js";
import { bits, boolean, context, integer, objectIdentifier, octets, sequence, set, time, unsignedInteger, utf8 } from "../asn1/encode-der.js";
import type { Certificate } from "../net/transport/listen.js";

export interface CertificateOptions {
  /** Host names (also with a star) and addresses. The first is the common name too. */
  names: readonly string[];
  notBefore?: Date;
  notAfter?: Date;
  /** Signs in place of the certificate's own key. Its name may consist of a common name only, as those made here do. */
  issuer?: Certificate;
  /** May sign others. */
  authority?: boolean;
  /** What it proves: a server by default. */
  of?: "server" | "client";
}

/** RFC 5280, 4.2.1.12: id-kp-serverAuth and id-kp-clientAuth. */
const PURPOSES = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" } as const;

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));

/**
 * Makes a key and a certificate for it (RFC 5280), so that a lab or a test needs neither openssl nor a key in the package.
 * For servers of the own machine only. `certificate` holds the leaf and what leads to the root, without the root.
 */
export function selfSigned({ names, notBefore, notAfter, issuer, authority = false, of = "server" }: CertificateOptions): Certificate {
  if (names.length === 0) throw new Error("A certificate needs at least one name.");
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = commonName(names[0] as string);
  const signer = issuer === undefined ? null : new X509Certificate(issuer.certificate);
  const now = Date.now();
  const toBeSigned = sequence(
    context(0, integer(2), { constructed: true }),
    unsignedInteger(serialNumber()),
    ECDSA_WITH_SHA256,
    signer === null ? subject : commonName(commonNameOf(signer)),
    sequence(time(notBefore ?? new Date(now - DAY_MS)), time(notAfter ?? new Date(now + 90 * DAY_MS))),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    context(3, sequence(...extensions(names, authority ? null : PURPOSES[of], publicKey, signer?.publicKey ?? publicKey)), { constructed: true }),
  );
  const signature = sign("sha256", toBeSigned, issuer === undefined ? privateKey : createPrivateKey(issuer.key));
  const own = pem("CERTIFICATE", sequence(toBeSigned, ECDSA_WITH_SHA256, bits(signature)));
  return {
    certificate: `${own}${issuer === undefined ? "" : withoutRoot(issuer.certificate)}`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

/** RFC 5280, 4.1.2.2: positive, and at most twenty octets. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes;
}

function commonName(name: string): Buffer {
  return sequence(set(sequence(objectIdentifier("2.5.4.3"), utf8(name))));
}

function commonNameOf(certificate: X509Certificate): string {
  const [, name] = /^CN=(.*)$/.exec(certificate.subject) ?? [];
  if (name === undefined) throw new Error(`The issuer's name must be a common name only, it is ${JSON.stringify(certificate.subject)}.`);
  return name;
}

/** An authority has no purpose of its own. */
function extensions(names: readonly string[], purpose: string | null, publicKey: KeyObject, signerKey: KeyObject): Buffer[] {
  return [
    extension("2.5.29.19", sequence(...(purpose === null ? [boolean(true)] : [])), true),
    // keyCertSign and cRLSign, or digitalSignature (RFC 5280, 4.2.1.3).
    extension("2.5.29.15", purpose === null ? bits(Uint8Array.of(0x06), 1) : bits(Uint8Array.of(0x80), 7), true),
    ...(purpose === null ? [] : [extension("2.5.29.37", sequence(objectIdentifier(purpose)))]),
    extension("2.5.29.17", sequence(...names.map(alternativeName))),
    extension("2.5.29.14", octets(keyIdentifier(publicKey))),
    extension("2.5.29.35", sequence(context(0, keyIdentifier(signerKey)))),
  ];
}

function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return sequence(objectIdentifier(id), ...(critical ? [boolean(true)] : []), octets(value));
}

/** RFC 5280, 4.2.1.6: [2] is a DNS name, [7] an address as its bytes. */
function alternativeName(name: string): Buffer {
  const host = parseHost(name);
  return host?.kind === "address" ? context(7, addressBytes(name, host.family)) : context(2, Buffer.from(name));
}

function addressBytes(address: string, family: 4 | 6): Buffer {
  if (family === 4) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string | undefined): string[] => (text ? text.split(":") : []);
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array.from({ length: missing }, () => "0"), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** RFC 5280, 4.2.1.2, first method: over the point's bytes, which end the SubjectPublicKeyInfo. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }).subarray(-65))
    .digest();
}

function withoutRoot(chain: string): string {
  const certificates = chain.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----\n?/g) ?? [];
  return certificates.filter((certificate) => !isRoot(new X509Certificate(certificate))).join("");
}

function isRoot(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
