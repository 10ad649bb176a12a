/** How much of a report is read. All of it was written by strangers, some of them hostile. */
export const REPORT_LIMITS = {
  /** Of the whole message; a report may include the whole original message after the relevant parts. */
  messageBytes: 16 * 1024 * 1024,
  /** Of each part that is read. */
  partBytes: 256 * 1024,
  parts: 50,
  /** Nested reports are ignored. */
  depth: 4,
  recipients: 1000,
  /** Lines of a report in plain words. */
  lines: 4000,
  lineCharacters: 2000,
  /** RFC 5321, section 4.5.3.1: 64 and 255 octets around an @. */
  addressCharacters: 320,
  listItems: 100,
} as const;
