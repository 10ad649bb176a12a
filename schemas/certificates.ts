/** Why a text contains no PEM certificates, or null. The TLS library ignores what it cannot parse, and the failure would look like the server's. */
export function certificatesProblem(pem: string): string | null {
  if (pem === known) return null;
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0) return "it holds no certificate in PEM: -----BEGIN CERTIFICATE----- is missing";
  if ((pem.match(BEGIN) ?? []).length !== blocks.length) return "a certificate in it is not closed by -----END CERTIFICATE-----";
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch {
      return blocks.length === 1 ? "the certificate in it cannot be read" : `certificate ${index + 1} of ${blocks.length} cannot be read`;
    }
  }
  known = pem;
  return null;
}

/** Why a client cannot show this certificate with this key, or null. */
export function clientCertificateProblem(certificate: string, key: string): { field: "client_certificate" | "client_key"; words: string } | null {
  const unreadable = certificatesProblem(certificate);
  if (unreadable !== null) return { field: "client_certificate", words: `must be a certificate in PEM: ${unreadable}` };
  const { createPrivateKey, X509Certificate } = process.getBuiltinModule("node:crypto");
  try {
    if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) return null;
    return { field: "client_key", words: "is the key of another certificate" };
  } catch {
    return { field: "client_key", words: "must be a private key in PEM, without a passphrase" };
  }
}

const BEGIN = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const BLOCK = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[A-Za-z0-9+/=\s]*-----END \1-----/g;

/** Most jobs of a queue use the same certificates. */
let known: string | null = null;
