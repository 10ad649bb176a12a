/** What one verdict may cost: a zone can be made so that a validator works for hours (KeyTrap, CVE-2023-50387; CVE-2023-50868). */

/** Signatures that are verified for one question, over all zones. */
export const MAX_VERIFICATIONS = 64;
/** Signatures of one set that are tried; and keys that share a tag with a signature. */
export const MAX_SIGNATURES_OF_A_SET = 8;
export const MAX_KEYS_OF_A_TAG = 4;
/** Hashes for NSEC3, over all zones: one each label and record set of parameters. */
export const MAX_HASHES = 300;
/** RFC 9276, section 3.2: more iterations than this are treated as insecure, as the servers we compare with do. */
export const MAX_ITERATIONS = 150;
/** Questions for keys and delegations. */
export const MAX_QUESTIONS = 100;
