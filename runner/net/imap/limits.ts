/** How much of a server's talk is taken before it is called hostile. */
export const LIMITS = {
  /** The greeting, CAPABILITY and everything else before a login is short; servers in the field send a kilobyte. */
  lineBytes: 64 * 1024,
  /** SEARCH answers in one line: a hundred thousand UIDs of ten digits. */
  mailboxLineBytes: 1024 * 1024,
  /** A literal where none was asked for: a folder's name, a subject. */
  literalBytes: 64 * 1024,
  /** A message's body comes in literals as large as was asked for, and one response may hold several. */
  literals: 256,
  /** The values of one response: numbers of a SEARCH, or the items of one message in a FETCH response. */
  values: 150_000,
  /** No honest response is nested deeper than a message with messages in it. */
  depth: 32,
  /** How much a server may send in reply to one command: a FETCH over a large folder, with one response per message. */
  responses: 100_000,
  responseBytes: 32 * 1024 * 1024,
  /** What the command itself may hold: RFC 2683, section 3.2.1.5 asks clients to stay below 1000, RFC 7162 allows 8192. */
  commandLineBytes: 8000,
  /** A line of AUTHENTICATE: tokens are long, and RFC 4954 allows as much in SMTP. */
  authLineBytes: 12_288,
  /** RFC 7888, section 5: the longest literal that LITERAL- lets go without waiting. */
  freeLiteralBytes: 4096,
} as const;
