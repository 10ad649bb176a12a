import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { keyRecord, keyRecordName } from "../../runner/mail/dkim/key-record.js";
import type { WrittenKey } from "../../runner/mail/dkim/signing-key.js";

/** A fresh key, as it is written and as its record says it. */
export interface TestKey extends WrittenKey {
  readonly records: Readonly<Record<string, string>>;
}

export function rsaKey(domain: string, selector = "rsa", bits = 2048): TestKey {
  return testKey(domain, selector, generateKeyPairSync("rsa", { modulusLength: bits }).privateKey);
}

export function ed25519Key(domain: string, selector = "ed"): TestKey {
  return testKey(domain, selector, generateKeyPairSync("ed25519").privateKey);
}

function testKey(domain: string, selector: string, key: KeyObject): TestKey {
  const privateKey = key.export({ type: "pkcs8", format: "pem" }) as string;
  return { domain, selector, privateKey, records: { [keyRecordName(selector, domain)]: keyRecord(key) } };
}
