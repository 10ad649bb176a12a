/** What a reply may be, and how long is waited for one. */

/** The largest datagram that no path fragments (RFC 9715, section 3), announced to servers. */
export const UDP_BYTES = 1232;
/** No sensible answer has more. The decoder's work on a hostile message of 64 KiB stays within milliseconds. */
export const MAX_RECORDS = 1000;
/** Names that one question may lead through, over all replies. */
export const MAX_ALIASES = 8;
/** Foreign datagrams that one try ignores before it takes the server for one that cannot be understood. */
export const MAX_FOREIGN = 100;

/** How long a server may be silent before the next is asked beside it. */
export const TRY_TIMEOUT_MS = 2000;
/** How often each server is asked if none answers. */
export const TRIES = 2;
/** One question, over all servers and all tries. */
export const LOOKUP_TIMEOUT_MS = 6000;
/** An encrypted connection that is not open by then never will be; nor does a reply on it come later. */
export const OPEN_TIMEOUT_MS = 10_000;
/** The longest that an input may allow. */
export const MAX_LOOKUP_TIMEOUT_MS = 600_000;

/** Questions that one server has to answer at the same time, over all runs of a process: more wait here rather than in its receive buffer. */
export const MAX_IN_FLIGHT = 256;
/** What a server with a public address gets per second: public resolvers limit a client at about 1,500. */
export const PUBLIC_SERVER_RATE = { perSecond: 1000, burst: 200 } as const;

/** What a record says of its own life is believed up to a day. */
export const MAX_TTL_S = 86_400;
/** A look-up that failed is not repeated at once: RFC 9520, section 3.2, asks for at least one second, and advises five. */
export const FAILURE_TTL_S = 5;
export const CACHE_ENTRIES = 20_000;
/** Longer answers are asked for again: domains that are made to fill the cache do not fill the memory. */
export const MAX_CACHED_RECORDS = 100;
