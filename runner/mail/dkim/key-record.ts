import { createPublicKey, type KeyObject } from "node:crypto";

/** The public half of a key as its TXT record says it (RFC 6376, section 3.6.1; RFC 8463, section 4). */
export function keyRecord(key: KeyObject): string {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const der = publicKey.export({ type: "spki", format: "der" });
  // Of an Ed25519 key the 32 bytes alone stand there, at the end of what SPKI writes.
  const isEd25519 = publicKey.asymmetricKeyType === "ed25519";
  const bytes = isEd25519 ? der.subarray(-32) : der;
  return `v=DKIM1; k=${isEd25519 ? "ed25519" : "rsa"}; p=${bytes.toString("base64")}`;
}

export function keyRecordName(selector: string, domain: string): string {
  return `${selector}._domainkey.${domain}`;
}
