/** RFC 8461, section 3.3: what fetching a policy may cost a sender. */

/** From the first look-up of its address to the last byte. */
export const FETCH_TIMEOUT_MS = 60_000;
/** For one address, until TLS is there. */
export const CONNECT_TIMEOUT_MS = 10_000;
export const MAX_ADDRESSES = 4;
export const MAX_POLICY_BYTES = 64 * 1024;
/** How long a fetch that failed is not repeated. */
export const FAILED_FETCH_MS = 300_000;
/** A policy with an unchanged id is fetched again when this much of its lifetime is left, or half of a shorter lifetime. */
export const RENEW_BEFORE_MS = 86_400_000;
/** Policies kept in memory. */
export const MAX_POLICIES = 50_000;
