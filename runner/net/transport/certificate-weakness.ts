import type { X509Certificate } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import type { InvalidReason } from "../../../schemas/tls.js";
import { type CertificateDetails, readCertificate } from "../../asn1/certificate.js";
import { Asn1Error } from "../../asn1/decode-ber.js";
import { keptByText } from "../../support/kept.js";
import { isSelfSigned } from "./verified-path.js";

/** The CA/Browser Forum's baseline requirements, 6.1.5: smaller keys are issued no more. */
const LEAST_RSA_BITS = 2048;
const LEAST_EC_BITS = 224;
const BROKEN_HASHES: ReadonlySet<string> = new Set(["md2", "md5", "sha1"]);

/** What OpenSSL refuses without a name of its own for it, and what it still accepts although others no longer do. */
export function weaknesses(path: readonly X509Certificate[]): InvalidReason[] {
  const [leaf] = path;
  if (leaf === undefined) return [];
  const details = path.map(({ raw }) => detailsOf(raw));
  const found: InvalidReason[] = [];
  // The signature of a self-signed certificate proves nothing: what is trusted of it is the certificate itself.
  const signed = path.flatMap((certificate, index) => (isSelfSigned(certificate) ? [] : (details[index] ?? [])));
  if (signed.some(({ signature_hash: hash }) => hash !== null && BROKEN_HASHES.has(hash))) found.push("weak_signature");
  if (details.some((each, index) => each !== null && isWeakKey(each) && (index === 0 || !isSelfSigned(path[index] as X509Certificate)))) found.push("weak_key");
  if (path.slice(1).some(({ ca }) => !ca)) found.push("not_an_authority");
  const names = namesOf(leaf);
  if (details.slice(1).some((each) => each?.name_constraints != null && names.some((name) => isForbidden(name, each.name_constraints as Constraints)))) {
    found.push("name_constraints");
  }
  return found;
}

/** Null for what this reader cannot read: OpenSSL has read it, and says what is wrong with it. */
export function detailsOf(raw: Buffer): CertificateDetails | null {
  return keptDetails(raw.toString("latin1"), raw);
}

/** Most runs see a certificate that was seen before. */
const keptDetails = keptByText(
  500,
  (_, raw: Buffer): CertificateDetails | null => {
    try {
      return readCertificate(raw);
    } catch (error) {
      if (error instanceof Asn1Error) return null;
      throw error;
    }
  },
  4096,
);

function isWeakKey({ key_algorithm: algorithm, key_bits: bits }: CertificateDetails): boolean {
  if (bits === null) return false;
  return bits < (algorithm === "ec" ? LEAST_EC_BITS : /^(rsa|dsa)/.test(algorithm) ? LEAST_RSA_BITS : 0);
}

type Constraints = NonNullable<CertificateDetails["name_constraints"]>;

/** As name constraints write it: `dns:mx.example.org`, `ip:c0000201`. */
function namesOf({ subjectAltName }: X509Certificate): string[] {
  return (subjectAltName ?? "").split(", ").flatMap((name) => {
    if (name.startsWith("DNS:")) return `dns:${name.slice(4).toLowerCase()}`;
    const address = /^IP Address:(.*)$/.exec(name)?.[1];
    return address === undefined ? [] : `ip:${hexOf(address)}`;
  });
}

/** RFC 5280, section 4.2.1.10: excluded, or of a kind of which some are permitted, and not among them. */
function isForbidden(name: string, { permitted, excluded }: Constraints): boolean {
  const kind = name.slice(0, name.indexOf(":") + 1);
  const ofKind = permitted.filter((each) => each.startsWith(kind));
  return excluded.some((each) => isBelow(name, each)) || (ofKind.length > 0 && !ofKind.some((each) => isBelow(name, each)));
}

function isBelow(name: string, constraint: string): boolean {
  if (name.startsWith("ip:") && constraint.startsWith("ip:")) return isInNetwork(name.slice(3), constraint.slice(3));
  if (!name.startsWith("dns:") || !constraint.startsWith("dns:")) return false;
  const host = name.slice(4).replace(/^\*\./, "");
  const domain = constraint.slice(4).toLowerCase().replace(/^\./, "");
  return domain === "" || host === domain || host.endsWith(`.${domain}`);
}

/** An address and a mask, both in hexadecimal, one after the other. */
function isInNetwork(address: string, network: string): boolean {
  if (network.length !== address.length * 2) return false;
  const [base, mask] = [network.slice(0, address.length), network.slice(address.length)].map((hex) => BigInt(`0x${hex}`)) as [bigint, bigint];
  return (BigInt(`0x${address}`) & mask) === (base & mask);
}

function hexOf(address: string): string {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number)).toString("hex");
  if (!isIPv6(address)) return "";
  const [head = "", tail] = address.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, "0")).join("");
}
