/** What the client says in one step, decoded. */
export interface SaslResponse {
  text: string;
  /** Made from the password or the token: it must be seen nowhere. */
  secret: boolean;
  /** How the server proves that it knows the password. It is secret: it allows an offline search for the password. */
  proof?: string;
}

/** One login by one mechanism: from the server's challenges to the client's responses. It does no I/O. */
export interface SaslExchange {
  /** The initial response with AUTH itself; null if the server speaks first. */
  readonly initial: SaslResponse | null;
  /** Answers one challenge. Throws a FailureError for one that cannot be right. */
  respond(challenge: Buffer): SaslResponse | Promise<SaslResponse>;
  /** Why the server's "accepted" is not to be believed; null when it is. */
  doubt(): string | null;
  /** What the server said of its refusal inside the exchange; null when nothing. */
  serverError(): string | null;
}

/** For mechanisms in which the server proves nothing and explains nothing. */
export const NO_DOUBT = { doubt: () => null, serverError: () => null } as const;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A challenge as it follows 334 (RFC 4954, section 4); null if it is not base64. Node's own decoder accepts anything. */
export function decodeChallenge(text: string): Buffer | null {
  const trimmed = text.trim();
  return BASE64.test(trimmed) ? Buffer.from(trimmed, "base64") : null;
}

export function encodeResponse(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
