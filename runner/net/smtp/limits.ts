/** How much of a peer's output is accepted before it is considered hostile, and how long a command may be. */
export const LIMITS = {
  /** RFC 5321, 4.5.3.1.5 allows 512 bytes; servers in the field send more, and Postfix reads up to 2048. */
  replyLineBytes: 4096,
  /** The longest honest replies are EHLO's, of some thirty lines. */
  replyLines: 256,
  replyBytes: 64 * 1024,
  /** RFC 5321, 4.5.3.1.4: with its CRLF. AUTH has its own, larger limit (RFC 4954, section 4). */
  commandLineBytes: 512,
  authLineBytes: 12_288,
  /** RFC 5321, 4.5.3.1.1 to 4.5.3.1.3. */
  localPartBytes: 64,
  domainBytes: 255,
  pathBytes: 256,
} as const;
