/** The registries of TLS parameters (IANA) that a hello names by number. */

/** Oldest first, with the number on the wire. */
export const PROTOCOL_VERSIONS = { SSLv3: 0x0300, TLSv1: 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304 } as const;
export type ProtocolVersion = keyof typeof PROTOCOL_VERSIONS;

/** Supported groups, the usual ones first: a server that follows the client's order shows its own preference only when it has one. */
export const GROUPS: Readonly<Record<number, string>> = {
  4588: "X25519MLKEM768",
  4587: "SecP256r1MLKEM768",
  4589: "SecP384r1MLKEM1024",
  25497: "X25519Kyber768Draft00",
  25498: "SecP256r1Kyber768Draft00",
  512: "MLKEM512",
  513: "MLKEM768",
  514: "MLKEM1024",
  29: "x25519",
  23: "secp256r1",
  30: "x448",
  24: "secp384r1",
  25: "secp521r1",
  26: "brainpoolP256r1",
  27: "brainpoolP384r1",
  28: "brainpoolP512r1",
  31: "brainpoolP256r1tls13",
  32: "brainpoolP384r1tls13",
  33: "brainpoolP512r1tls13",
  256: "ffdhe2048",
  257: "ffdhe3072",
  258: "ffdhe4096",
  259: "ffdhe6144",
  260: "ffdhe8192",
  22: "secp256k1",
  21: "secp224r1",
  20: "secp224k1",
  19: "secp192r1",
  18: "secp192k1",
  17: "secp160r2",
  16: "secp160r1",
  15: "secp160k1",
  14: "sect571r1",
  13: "sect571k1",
  12: "sect409r1",
  11: "sect409k1",
  10: "sect283r1",
  9: "sect283k1",
  8: "sect239k1",
  7: "sect233r1",
  6: "sect233k1",
  5: "sect193r2",
  4: "sect193r1",
  3: "sect163r2",
  2: "sect163r1",
  1: "sect163k1",
};

/** Groups that keep a recorded session secret from a quantum computer. */
export const POST_QUANTUM_GROUPS: ReadonlySet<number> = new Set([4587, 4588, 4589, 25497, 25498, 512, 513, 514]);

/** RFC 8446, 4.2.3: groups below this number are curves, and TLS 1.2 names them in ServerKeyExchange (RFC 8422, 5.4). */
export const isCurve = (group: number): boolean => group < 31;

/** RFC 8446, 4.2.7: the groups that TLS 1.3 may use. */
export const isTls13Group = (group: number): boolean => [23, 24, 25, 29, 30, 31, 32, 33].includes(group) || group >= 256;

/** RFC 8446, 4.2.3, and RFC 5246, 7.4.1.4.1: hash and signature of TLS 1.2 in one number. */
export const SIGNATURE_SCHEMES: Readonly<Record<number, string>> = {
  1027: "ecdsa_secp256r1_sha256",
  1283: "ecdsa_secp384r1_sha384",
  1539: "ecdsa_secp521r1_sha512",
  2055: "ed25519",
  2056: "ed448",
  2052: "rsa_pss_rsae_sha256",
  2053: "rsa_pss_rsae_sha384",
  2054: "rsa_pss_rsae_sha512",
  2057: "rsa_pss_pss_sha256",
  2058: "rsa_pss_pss_sha384",
  2059: "rsa_pss_pss_sha512",
  2074: "ecdsa_brainpoolP256r1tls13_sha256",
  2075: "ecdsa_brainpoolP384r1tls13_sha384",
  2076: "ecdsa_brainpoolP512r1tls13_sha512",
  2308: "mldsa44",
  2309: "mldsa65",
  2310: "mldsa87",
  1025: "rsa_pkcs1_sha256",
  1281: "rsa_pkcs1_sha384",
  1537: "rsa_pkcs1_sha512",
  771: "ecdsa_sha224",
  769: "rsa_pkcs1_sha224",
  1026: "dsa_sha256",
  770: "dsa_sha224",
  515: "ecdsa_sha1",
  513: "rsa_pkcs1_sha1",
  514: "dsa_sha1",
  257: "rsa_pkcs1_md5",
};

/** RFC 8446, section 6, and the alerts of older versions. */
export const ALERTS: Readonly<Record<number, string>> = {
  0: "close_notify",
  10: "unexpected_message",
  20: "bad_record_mac",
  21: "decryption_failed",
  22: "record_overflow",
  30: "decompression_failure",
  40: "handshake_failure",
  41: "no_certificate",
  42: "bad_certificate",
  43: "unsupported_certificate",
  46: "certificate_unknown",
  47: "illegal_parameter",
  48: "unknown_ca",
  49: "access_denied",
  50: "decode_error",
  51: "decrypt_error",
  60: "export_restriction",
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  86: "inappropriate_fallback",
  90: "user_canceled",
  100: "no_renegotiation",
  109: "missing_extension",
  110: "unsupported_extension",
  112: "unrecognized_name",
  113: "bad_certificate_status_response",
  115: "unknown_psk_identity",
  116: "certificate_required",
  120: "no_application_protocol",
};

export const EXTENSION = {
  serverName: 0,
  statusRequest: 5,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  heartbeat: 15,
  applicationLayerProtocols: 16,
  signedTimestamps: 18,
  encryptThenMac: 22,
  extendedMasterSecret: 23,
  sessionTicket: 35,
  supportedVersions: 43,
  pskKeyExchangeModes: 45,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const;

/** RFC 7507: says that the client fell back to an older version. */
export const FALLBACK_SCSV = 0x5600;
