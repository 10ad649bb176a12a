/** How much of a server's output is accepted before it is considered hostile, and how long a command may be. */
export const LIMITS = {
  /** RFC 2449, section 4 allows 512 bytes. */
  replyLineBytes: 4096,
  /** CAPA names some twenty capabilities. */
  replyLines: 256,
  replyBytes: 64 * 1024,
  /** RFC 2449, section 4: with its CRLF. AUTH's own lines may be longer (RFC 5034, section 4). */
  commandLineBytes: 255,
  authLineBytes: 12_288,
} as const;
