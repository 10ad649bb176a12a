import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { issuerOf } from "../../asn1/certificate.js";
import { keptByText } from "../../support/kept.js";
import type { PeerChain } from "./peer-chain.js";

/** No honest path is longer. */
const MAX_DEPTH = 10;

/**
 * The path from the peer's own certificate to the authority that is trusted, as OpenSSL follows it: at each step an issuer that is trusted is
 * preferred to one that was sent. Without trust it ends where no issuer is found. `ca`: what is trusted beside the roots of Node.
 */
export function certificatePath(chain: PeerChain, ca: string | undefined): readonly X509Certificate[] {
  const parts = [...chain.sent.map(({ raw }) => raw.toString("latin1")), chain.localIssuer?.toString("latin1") ?? "", ca ?? ""];
  // With their lengths, so that no two chains have the same text.
  return keptPath(`${parts.map(({ length }) => length).join()} ${parts.join("")}`, chain, ca);
}

/** Each step verifies a signature, and most servers are asked again and again. */
const keptPath = keptByText(200, (_, chain: PeerChain, ca: string | undefined) => findPath(chain, ca), 16_384);

function findPath({ sent, localIssuer }: PeerChain, ca: string | undefined): readonly X509Certificate[] {
  const [leaf] = sent;
  if (leaf === undefined) return [];
  const path = [leaf];
  for (let last = leaf; path.length < MAX_DEPTH && !isSelfSigned(last); ) {
    const issuer = trustedIssuer(last, localIssuer, ca) ?? sent.find((each) => issued(each, last) && !path.some(({ raw }) => raw.equals(each.raw)));
    if (issuer === undefined) break;
    path.push(issuer);
    last = issuer;
  }
  return path;
}

export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && keptSelfSigned(certificate.raw.toString("latin1"), certificate);
}

const keptSelfSigned = keptByText(200, (_, certificate: X509Certificate) => certificate.verify(certificate.publicKey), 4096);

function trustedIssuer(certificate: X509Certificate, localIssuer: Buffer | null, ca: string | undefined): X509Certificate | undefined {
  const name = issuerOf(certificate.raw);
  const candidates = [...(localIssuer === null ? [] : [localIssuer]), ...certificatesIn(ca), ...roots()];
  return candidates
    .filter((raw) => raw.includes(name))
    .flatMap((raw) => asCertificate(raw) ?? [])
    .find((candidate) => issued(candidate, certificate));
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

let decoded: readonly Buffer[] | null = null;

/** Only those whose bytes hold the issuer's name are parsed: all of them would cost more than the handshake. */
function roots(): readonly Buffer[] {
  decoded ??= rootCertificates.flatMap(certificatesIn);
  return decoded;
}

function certificatesIn(pem: string | undefined): Buffer[] {
  const blocks = (pem ?? "").match(/-----BEGIN CERTIFICATE-----[^-]+/g) ?? [];
  return blocks.map((block) => Buffer.from(block.slice("-----BEGIN CERTIFICATE-----".length), "base64"));
}

/** Null for bytes that are no certificate: the caller's `ca` may hold anything between its marks. */
function asCertificate(raw: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(raw);
  } catch {
    return null;
  }
}
