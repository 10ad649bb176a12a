import type { KeyObject } from "node:crypto";
import { join, resolve } from "node:path";
import { asciiDomain } from "../../../schemas/host.js";
import { keyRecord, keyRecordName } from "../../mail/dkim/key-record.js";
import { type KeyType, keyFile, makeKey, writeKey } from "../../mail/dkim/make-key.js";
import { stringsOf, zoneLine } from "../../mail/dns-plan/record.js";
import { wholeNumber } from "../arguments.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";
import type { DkimGiven } from "./options.js";

export const DEFAULT_SELECTOR = "default";
export const DEFAULT_KEYS = join(".probe-run", "dkim");

const TYPES: Readonly<Record<string, readonly KeyType[]>> = { rsa: ["rsa"], ed25519: ["ed25519"], both: ["rsa", "ed25519"] };

export async function keygen(written: string, given: DkimGiven, io: Io): Promise<number> {
  checkOptions(given);
  const types = TYPES[given.type ?? "rsa"] as readonly KeyType[];
  const bits = wholeNumber("bits", given.bits, 2048, 4096) ?? 2048;
  const domain = asciiDomain(written);
  const folder = given.out ?? DEFAULT_KEYS;
  const selector = given.selector ?? DEFAULT_SELECTOR;
  const made: MadeKey[] = [];
  for (const type of types) {
    const own = type === "ed25519" && types.length > 1 ? `${selector}-ed25519` : selector;
    made.push(await makeOne({ domain, selector: own, type, bits, folder }, io));
  }
  await io.out(given.json ? `${JSON.stringify({ domain, keys: made.map(asJson) }, null, 2)}\n` : made.map(asText).join("\n"));
  if (!given.json) io.err(nextSteps(domain, selector, folder));
  return EXIT.ok;
}

function checkOptions({ type, bits }: DkimGiven): void {
  if (bits !== null && type === "ed25519") throw new UsageError("--bits is for RSA keys", "an Ed25519 key has one length");
}

interface Wanted {
  readonly domain: string;
  readonly selector: string;
  readonly type: KeyType;
  readonly bits: number;
  readonly folder: string;
}

interface MadeKey extends Wanted {
  readonly file: string;
  readonly key: KeyObject;
}

async function makeOne(wanted: Wanted, io: Io): Promise<MadeKey> {
  const file = keyFile(wanted.folder, wanted.domain, wanted.selector);
  const key = await makeKey(wanted.type, wanted.bits);
  if (!(await writeKey(resolve(io.cwd, file), key))) {
    throw new UsageError(
      `${file} is there already, and is not written over`,
      "give the new key another --selector: both can be published while mail with the old one is on its way",
    );
  }
  return { ...wanted, file, key };
}

function recordOf({ key, selector, domain }: MadeKey) {
  const value = keyRecord(key);
  const name = keyRecordName(selector, domain);
  return { name, type: "TXT" as const, value, strings: stringsOf(value), zone_line: zoneLine({ name, type: "TXT", value }) };
}

function asJson(made: MadeKey) {
  const { selector, type, bits, file } = made;
  return { selector, algorithm: `${type}-sha256`, bits: type === "rsa" ? bits : null, private_key_file: file, record: recordOf(made) };
}

function asText(made: MadeKey): string {
  const { name, value, zone_line } = recordOf(made);
  const lines = [
    `private key  ${made.file}`,
    `record       ${name}, TXT`,
    "",
    "for a zone file:",
    zone_line,
    "",
    "for a form, which splits the text itself:",
    value,
  ];
  return `${lines.join("\n")}\n`;
}

function nextSteps(domain: string, selector: string, folder: string): string {
  return `\nPublish it, then: probe-run dkim check ${domain} --selector ${selector} --keys ${folder}\n`;
}
