import { resolved } from "../../../schemas/secret.js";
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
  /** What to show to a server that asks for a certificate, in PEM. */
  client?: { readonly certificate: string; readonly key: string };
  /** The newest version to offer, where the protocol cannot carry a newer one. */
  maxVersion?: "TLSv1.2";
}

/** What the fields of an input ask for. */
export function secureOptionsOf(
  { servername, min_version, ca, client_certificate, client_key }: Omit<TlsInput, "verify" | "warn_days">,
  host: string,
): SecureOptions {
  const client = client_certificate === undefined || client_key === undefined ? null : { certificate: resolved(client_certificate), key: resolved(client_key) };
  return { host: servername ?? host, min_version, ...(ca === undefined ? {} : { ca }), ...(client === null ? {} : { client }) };
}

export const CLOSED_IN_HANDSHAKE = "the peer closed the connection during the TLS handshake";
