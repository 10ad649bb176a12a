import { createHash } from "node:crypto";
import type { Connection } from "./connection.js";
import { peerChainOf } from "./peer-chain.js";

/** RFC 5929, section 4.1: a certificate that is signed with one of these is hashed with SHA-256. */
const REPLACED: Readonly<Record<string, string>> = { md5: "sha256", sha1: "sha256" };
const HASHES: ReadonlySet<string> = new Set(["sha256", "sha384", "sha512"]);

/** What a login is bound to by tls-server-end-point. Null without TLS, and for signatures that bring their own hash: for those it is not defined. */
export function serverEndPoint(connection: Connection): Buffer | null {
  const signedWith = connection.tls?.certificate?.signature_hash ?? "";
  const hash = REPLACED[signedWith] ?? signedWith;
  const [certificate] = peerChainOf(connection);
  if (certificate === undefined || !HASHES.has(hash)) return null;
  return createHash(hash).update(certificate.raw).digest();
}
