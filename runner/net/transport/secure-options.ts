import type { TlsInput } from "../../../schemas/tls.js";

export interface SecureOptions extends Pick<TlsInput, "min_version" | "ca"> {
  /** The name to verify, and to send when it is not an address. */
  host: string;
  /** For peers behind middleboxes that drop a large ClientHello: TLS 1.2 only, with few ciphers and one group. */
  reducedHello?: boolean;
  /** Application protocols to offer, the preferred one first (RFC 7301). */
  alpn?: readonly string[];
  /** Keeps the sessions that the server gives, for another connection to the same server: see tls-session.ts. */
  keepsSession?: boolean;
  /** A session of an earlier handshake with the same server, to be resumed. */
  session?: Buffer;
  /** The newest version to offer, where the protocol cannot carry a newer one. */
  maxVersion?: "TLSv1.2";
}

export const CLOSED_IN_HANDSHAKE = "the peer closed the connection during the TLS handshake";
