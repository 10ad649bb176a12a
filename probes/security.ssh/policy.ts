/** OpenSSH 9.6: what a server lists if it supports the remedy against Terrapin. */
export const STRICT_KEY_EXCHANGE = "kex-strict-s-v00@openssh.com";

export function isPostQuantum(name: string): boolean {
  return /^(sntrup761|mlkem768|mlkem1024)/.test(name);
}

export interface Weakness {
  readonly severity: "warning" | "error";
  readonly why: string;
  readonly matches: RegExp;
}

/** A name may end with its inventor, as rijndael-cbc@lysator.liu.se. */
export const CBC = /-cbc(?:@[^@]*)?$/;

/** RFC 9142 and RFC 8758: what must not, and what should not be used any more. */
export const WEAK_KEY_EXCHANGES: readonly Weakness[] = [
  { severity: "error", why: "RSA of 1024 bits (RFC 9142: MUST NOT)", matches: /^rsa1024-sha1$/ },
  { severity: "error", why: "a group of 1024 bits and SHA-1 (RFC 9142: SHOULD NOT)", matches: /^(gss-)?(diffie-hellman-)?group1-sha1(-|$)/ },
  // By the object identifiers of RFC 5656, section 10.1: nistp192 and nistk163.
  { severity: "error", why: "a curve of less than 224 bits", matches: /^ecdh-sha2-(1\.2\.840\.10045\.3\.1\.1|1\.3\.132\.0\.1)$/ },
  { severity: "warning", why: "SHA-1 (RFC 9142: SHOULD NOT)", matches: /^diffie-hellman-group-exchange-sha1$|^gss-.*-sha1-/ },
  { severity: "warning", why: "SHA-1", matches: /-sha1$/ },
];
export const WEAK_HOST_KEYS: readonly Weakness[] = [
  { severity: "error", why: "DSA of 1024 bits (RFC 9142: SHOULD NOT; removed from OpenSSH)", matches: /^ssh-dss/ },
  { severity: "warning", why: "RSA signatures with SHA-1 (RFC 8332)", matches: /^ssh-rsa(-cert-v0[01]@openssh\.com)?$/ },
];
export const WEAK_ENCRYPTIONS: readonly Weakness[] = [
  { severity: "error", why: "no encryption", matches: /^none$/ },
  { severity: "error", why: "RC4 (RFC 8758: MUST NOT)", matches: /^arcfour/ },
  { severity: "error", why: "a key of 56 bits", matches: /^des-cbc/ },
  { severity: "warning", why: "a block of 64 bits", matches: /^(3des|blowfish|cast128|idea)-/ },
  { severity: "warning", why: "CBC mode, whose padding leaks (CVE-2008-5161)", matches: CBC },
];
export const WEAK_MACS: readonly Weakness[] = [
  { severity: "error", why: "no authentication", matches: /^none$/ },
  { severity: "warning", why: "MD5", matches: /^hmac-md5/ },
  { severity: "warning", why: "a code of 64 bits", matches: /^umac-64/ },
  { severity: "warning", why: "a code that is cut to 96 bits", matches: /^hmac-sha1-96/ },
  { severity: "warning", why: "SHA-1, which NIST withdraws at the end of 2030 (SP 800-131A)", matches: /^hmac-sha1(-etm@|$)/ },
];

/** NIST SP 800-57: the shortest keys that are fit for use. */
export const LEAST_BITS: Readonly<Record<string, number>> = { "ssh-rsa": 2048, "ssh-dss": 2048 };
/** RFC 9142, section 2: groups of less than 2048 bits are too small. */
export const LEAST_GROUP_BITS = 2048;
