import type { TlsPolicyName } from "../../schemas/tls-scan.js";
import type { ProtocolVersion } from "../net/tls-hello/parameters.js";

/** What a policy allows. Null: it says nothing of it. */
export interface TlsPolicy {
  readonly source: string;
  readonly version: string;
  readonly protocols: readonly ProtocolVersion[];
  /** Versions that clients of this policy need. */
  readonly required: readonly ProtocolVersion[];
  readonly suites: readonly string[];
  readonly groups: readonly string[] | null;
  readonly key_types: readonly ("rsa" | "ec" | "ed25519" | "ed448")[];
  readonly min_rsa_bits: number;
  readonly min_dh_bits: number | null;
  readonly curves: readonly string[];
  readonly signature_hashes: readonly string[];
  readonly max_certificate_days: number | null;
}

const TLS13_SUITES = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
const AEAD_SUITES = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
];
const OLD_SUITES = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
  "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
  "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
  "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
  "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
  "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
  "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
  "TLS_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_RSA_WITH_AES_128_CBC_SHA256",
  "TLS_RSA_WITH_AES_256_CBC_SHA256",
  "TLS_RSA_WITH_AES_128_CBC_SHA",
  "TLS_RSA_WITH_AES_256_CBC_SHA",
  "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
];

const MOZILLA = { source: "Mozilla Server Side TLS", version: "5.7" } as const;
const MOZILLA_GROUPS = ["x25519", "secp256r1", "secp384r1"];
const FFDHE = ["ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"];
const HYBRID = ["X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"];

/** Each policy as data: what it allows, and where it comes from. */
export const POLICIES = {
  "mozilla-modern": {
    ...MOZILLA,
    protocols: ["TLSv1.3"],
    required: ["TLSv1.3"],
    suites: TLS13_SUITES,
    groups: MOZILLA_GROUPS,
    key_types: ["ec"],
    min_rsa_bits: 2048,
    min_dh_bits: null,
    curves: ["P-256", "P-384"],
    signature_hashes: ["sha256", "sha384", "sha512"],
    max_certificate_days: 90,
  },
  "mozilla-intermediate": {
    ...MOZILLA,
    protocols: ["TLSv1.2", "TLSv1.3"],
    required: ["TLSv1.2", "TLSv1.3"],
    suites: [...TLS13_SUITES, ...AEAD_SUITES],
    groups: [...MOZILLA_GROUPS, ...FFDHE],
    key_types: ["ec", "rsa"],
    min_rsa_bits: 2048,
    min_dh_bits: 2048,
    curves: ["P-256", "P-384"],
    signature_hashes: ["sha256", "sha384", "sha512"],
    max_certificate_days: 366,
  },
  "mozilla-old": {
    ...MOZILLA,
    protocols: ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"],
    required: ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"],
    suites: [...TLS13_SUITES, ...AEAD_SUITES, ...OLD_SUITES],
    groups: [...MOZILLA_GROUPS, ...FFDHE],
    key_types: ["rsa"],
    min_rsa_bits: 2048,
    min_dh_bits: 1024,
    curves: ["P-256", "P-384"],
    signature_hashes: ["sha256"],
    max_certificate_days: 366,
  },
  /**
   * What has no known weakness in late 2026: forward secrecy and authenticated encryption, TLS 1.2 with a replacement beside it, hybrid
   * groups welcome. RFC 9325 is its base; CCM is allowed as the RFC has it.
   */
  "probe-run": {
    source: "probe-run, after RFC 9325",
    version: "1",
    protocols: ["TLSv1.2", "TLSv1.3"],
    required: [],
    suites: [
      ...TLS13_SUITES,
      "TLS_AES_128_CCM_SHA256",
      ...AEAD_SUITES,
      "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
      "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
      "TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256",
      "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256",
    ],
    groups: [...MOZILLA_GROUPS, "secp521r1", "x448", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", ...FFDHE, ...HYBRID],
    key_types: ["ec", "rsa", "ed25519", "ed448"],
    min_rsa_bits: 2048,
    min_dh_bits: 2048,
    curves: ["P-256", "P-384", "P-521", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"],
    signature_hashes: ["sha256", "sha384", "sha512"],
    max_certificate_days: null,
  },
} as const satisfies Readonly<Record<TlsPolicyName, TlsPolicy>>;
