/** What a peer may send. Servers in use stay far below; whatever they send, a run's memory stays small. */
export const HTTP_LIMITS = {
  /** Status line, header section and each trailer section, in bytes. Servers refuse requests of more than 8 to 64 KiB themselves. */
  head_bytes: 64 * 1024,
  /** Fields of a header or trailer section. */
  fields: 256,
  /** Responses before the final one (1xx). There are seldom more than two: 100 and 103. */
  informational: 10,
  /** A chunk's size with its extensions. */
  chunk_line_bytes: 1024,
  /** Codings of one body, as in `Content-Encoding: gzip, br`. More are an attack. */
  codings: 3,
  /** The body of a response that redirects is read up to here: nothing is done with it. */
  redirect_body_bytes: 64 * 1024,
  /** HTTP/2: what a server may send before we acknowledge it. Node's 64 KiB makes a fast server wait. */
  window_bytes: 1024 * 1024,
  /** What of a body is held in memory for assertions. */
  kept_body_bytes: 4 * 1024 * 1024,
} as const;
