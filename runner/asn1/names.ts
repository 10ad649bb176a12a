/** Object identifiers that certificates use, by the names that their standards give them. */

/** RFC 3279, 4055, 5758, 8410 and NIST's registry: what signed a certificate. */
export const SIGNATURE_ALGORITHMS: Readonly<Record<string, { name: string; hash: string | null }>> = {
  "1.2.840.113549.1.1.2": { name: "md2WithRSAEncryption", hash: "md2" },
  "1.2.840.113549.1.1.4": { name: "md5WithRSAEncryption", hash: "md5" },
  "1.2.840.113549.1.1.5": { name: "sha1WithRSAEncryption", hash: "sha1" },
  "1.2.840.113549.1.1.10": { name: "rsassaPss", hash: null },
  "1.2.840.113549.1.1.11": { name: "sha256WithRSAEncryption", hash: "sha256" },
  "1.2.840.113549.1.1.12": { name: "sha384WithRSAEncryption", hash: "sha384" },
  "1.2.840.113549.1.1.13": { name: "sha512WithRSAEncryption", hash: "sha512" },
  "1.2.840.113549.1.1.14": { name: "sha224WithRSAEncryption", hash: "sha224" },
  "1.2.840.10040.4.3": { name: "dsaWithSha1", hash: "sha1" },
  "2.16.840.1.101.3.4.3.2": { name: "dsaWithSha256", hash: "sha256" },
  "1.2.840.10045.4.1": { name: "ecdsaWithSHA1", hash: "sha1" },
  "1.2.840.10045.4.3.1": { name: "ecdsaWithSHA224", hash: "sha224" },
  "1.2.840.10045.4.3.2": { name: "ecdsaWithSHA256", hash: "sha256" },
  "1.2.840.10045.4.3.3": { name: "ecdsaWithSHA384", hash: "sha384" },
  "1.2.840.10045.4.3.4": { name: "ecdsaWithSHA512", hash: "sha512" },
  "1.3.101.112": { name: "ed25519", hash: null },
  "1.3.101.113": { name: "ed448", hash: null },
  "2.16.840.1.101.3.4.3.17": { name: "ml-dsa-44", hash: null },
  "2.16.840.1.101.3.4.3.18": { name: "ml-dsa-65", hash: null },
  "2.16.840.1.101.3.4.3.19": { name: "ml-dsa-87", hash: null },
};

/** RFC 4055, 2.1: the hashes that RSASSA-PSS parameters name. */
export const HASHES: Readonly<Record<string, string>> = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.4": "sha224",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

export const KEY_ALGORITHMS: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.1": "rsa",
  "1.2.840.113549.1.1.10": "rsa-pss",
  "1.2.840.10040.4.1": "dsa",
  "1.2.840.10045.2.1": "ec",
  "1.3.101.110": "x25519",
  "1.3.101.111": "x448",
  "1.3.101.112": "ed25519",
  "1.3.101.113": "ed448",
  "2.16.840.1.101.3.4.3.17": "ml-dsa-44",
  "2.16.840.1.101.3.4.3.18": "ml-dsa-65",
  "2.16.840.1.101.3.4.3.19": "ml-dsa-87",
};

/** RFC 5480 and SEC 2: named curves, with the bits of their order. */
export const CURVES: Readonly<Record<string, { name: string; bits: number }>> = {
  "1.2.840.10045.3.1.1": { name: "P-192", bits: 192 },
  "1.3.132.0.33": { name: "P-224", bits: 224 },
  "1.2.840.10045.3.1.7": { name: "P-256", bits: 256 },
  "1.3.132.0.34": { name: "P-384", bits: 384 },
  "1.3.132.0.35": { name: "P-521", bits: 521 },
  "1.3.132.0.10": { name: "secp256k1", bits: 256 },
  "1.3.36.3.3.2.8.1.1.7": { name: "brainpoolP256r1", bits: 256 },
  "1.3.36.3.3.2.8.1.1.11": { name: "brainpoolP384r1", bits: 384 },
  "1.3.36.3.3.2.8.1.1.13": { name: "brainpoolP512r1", bits: 512 },
};

/** RFC 5280, 4.2.1.3, in the order of the bits. */
export const KEY_USAGES = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const;

/** RFC 5280, 4.2.1.12. */
export const EXTENDED_KEY_USAGES: Readonly<Record<string, string>> = {
  "2.5.29.37.0": "anyExtendedKeyUsage",
  "1.3.6.1.5.5.7.3.1": "serverAuth",
  "1.3.6.1.5.5.7.3.2": "clientAuth",
  "1.3.6.1.5.5.7.3.3": "codeSigning",
  "1.3.6.1.5.5.7.3.4": "emailProtection",
  "1.3.6.1.5.5.7.3.8": "timeStamping",
  "1.3.6.1.5.5.7.3.9": "OCSPSigning",
};

export const EXTENSION = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  /** RFC 9399. */
  logotype: "1.3.6.1.5.5.7.1.12",
  authorityInformationAccess: "1.3.6.1.5.5.7.1.1",
  /** RFC 7633: status_request in it is "must-staple". */
  tlsFeature: "1.3.6.1.5.5.7.1.24",
  /** RFC 6962, 3.3. */
  signedCertificateTimestamps: "1.3.6.1.4.1.11129.2.4.2",
} as const;
