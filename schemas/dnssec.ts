/** What DNSSEC says of an answer (RFC 4033, section 5), the best first. */
export const DNSSEC_STATES = ["secure", "insecure", "indeterminate", "bogus"] as const;
export type DnssecState = (typeof DNSSEC_STATES)[number];
