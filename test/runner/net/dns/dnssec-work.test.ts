import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { expect, test } from "vitest";
import { Chain } from "../../../../runner/net/dns/dnssec/chain.js";
import { MAX_HASHES, MAX_QUESTIONS, MAX_VERIFICATIONS } from "../../../../runner/net/dns/dnssec/limits.js";
import { keyOf } from "../../../../runner/net/dns/dnssec/records.js";
import { validate } from "../../../../runner/net/dns/dnssec/validate.js";
import type { DnsMessage, DnsRecord } from "../../../../runner/net/dns/wire/message.js";
import { nameBytes } from "../../../../runner/net/dns/wire/name.js";
import { RECORD_TYPES as T } from "../../../../schemas/dns-types.js";

/** Zones that are made to be expensive: KeyTrap (CVE-2023-50387) and NSEC3 closest enclosers (CVE-2023-50868). */

const NOW = 1_800_000_000;
const RSA = 8;

const record = (name: string, type: number, bytes: Buffer): DnsRecord => ({ name, type, ttl: 60, bytes, text: "" });

function message(answers: DnsRecord[], authorities: DnsRecord[] = [], rcode = 0): DnsMessage {
  const flags = { aa: true, tc: false, rd: false, ra: false, ad: false, cd: true };
  return { rcode, flags, answers, authorities, additionals: [], edns: null, bytes: 500 };
}

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

function keyBytes(modulus: Buffer): Buffer {
  return Buffer.concat([Buffer.of(1, 1, 3, RSA), Buffer.of(3, 1, 0, 1), modulus]);
}

const MODULUS = Buffer.from((publicKey.export({ format: "jwk" }) as { n: string }).n, "base64url");
const GOOD = record("trap", T.DNSKEY, keyBytes(MODULUS));
const TAG = keyOf(GOOD).tag;

/** Another key with the tag of the good one: its last two bytes make up the difference (RFC 4034, appendix B). */
function keyWithSameTag(): DnsRecord {
  for (;;) {
    const modulus = Buffer.concat([Buffer.of(0xc0), randomBytes(253), Buffer.of(0, 0)]);
    const difference = (TAG - keyOf({ name: "trap", bytes: keyBytes(modulus) }).tag) & 0xffff;
    for (const low of [difference - 1, difference, difference + 1]) {
      modulus.writeUInt16BE(low & 0xffff, 254);
      if (low % 2 === 1 && keyOf({ name: "trap", bytes: keyBytes(modulus) }).tag === TAG) return record("trap", T.DNSKEY, keyBytes(modulus));
    }
  }
}

function signature(name: string, covered: number, records: readonly DnsRecord[], by: KeyObject | null): DnsRecord {
  const head = Buffer.alloc(18);
  head.writeUInt16BE(covered, 0);
  head[2] = RSA;
  head[3] = name.split(".").length;
  head.writeUInt32BE(60, 4);
  head.writeUInt32BE(NOW + 86_400, 8);
  head.writeUInt32BE(NOW - 86_400, 12);
  head.writeUInt16BE(TAG, 16);
  const signed = Buffer.concat([head, nameBytes("trap")]);
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16BE(covered, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(60, 4);
  const sorted = records.map(({ bytes }) => bytes).sort(Buffer.compare);
  const length = (bytes: Buffer): Buffer => Buffer.of(bytes.length >> 8, bytes.length & 0xff);
  const data = Buffer.concat([signed, ...sorted.flatMap((bytes) => [nameBytes(name), fixed, length(bytes), bytes])]);
  return record(name, T.RRSIG, Buffer.concat([signed, by === null ? randomBytes(256) : sign("sha256", data, by)]));
}

/** A zone with these keys beside the good one, which answers every question for the keys of a name. */
function chainOf(keys: readonly DnsRecord[], ask: (name: string, type: number) => DnsMessage | null = () => null): Chain {
  const set = [...keys, GOOD];
  const answer = message([...set, signature("trap", T.DNSKEY, set, privateKey)]);
  const anchor = { zone: "trap", type: "DNSKEY", bytes: GOOD.bytes } as const;
  return new Chain([anchor], async (name, type) => (name === "trap" && type === T.DNSKEY ? answer : ask(name, type)), NOW);
}

const ADDRESS = record("trap", T.A, Buffer.of(192, 0, 2, 1));

test("a set that the good key has signed is secure: the zone of these tests is a real one", async () => {
  const answer = message([ADDRESS, signature("trap", T.A, [ADDRESS], privateKey)]);
  expect(await validate(chainOf([]), "trap", T.A, answer)).toMatchObject({ state: "secure" });
});

test("keys that share a tag, and signatures that fit none of them, cost a bounded number of verifications", async () => {
  const keys = Array.from({ length: 20 }, keyWithSameTag);
  const answer = message([ADDRESS, ...Array.from({ length: 300 }, () => signature("trap", T.A, [ADDRESS], null))]);
  const chain = chainOf(keys);
  expect(await validate(chain, "trap", T.A, answer)).toMatchObject({ state: "bogus" });
  expect(chain.work.verifications).toBeGreaterThan(10);
  expect(chain.work.verifications).toBeLessThanOrEqual(40);
});

test("many sets share one bound", async () => {
  const keys = Array.from({ length: 3 }, keyWithSameTag);
  const aliases = Array.from({ length: 8 }, (_, index) => {
    const alias = record(index === 0 ? "trap" : `n${index}.trap`, T.CNAME, nameBytes(`n${index + 1}.trap`));
    return [alias, ...Array.from({ length: 20 }, () => signature(alias.name, T.CNAME, [alias], null))];
  });
  const unsigned = (): DnsMessage =>
    message(
      [],
      Array.from({ length: 20 }, (_, index) => record(`d${index}.trap`, T.NSEC, nameBytes("trap"))).flatMap((nsec) => [
        nsec,
        ...Array.from({ length: 20 }, () => signature(nsec.name, T.NSEC, [nsec], null)),
      ]),
    );
  const chain = chainOf(keys, unsigned);
  expect(await validate(chain, "trap", T.A, message(aliases.flat()))).toMatchObject({ state: "bogus" });
  expect(chain.work.verifications).toBe(MAX_VERIFICATIONS);
});

test("a denial with as many labels and hashes as possible costs a bounded number of hashes", async () => {
  const deep = `${"a.".repeat(120)}trap`;
  const nsec3 = Array.from({ length: 4 }, (_, index) => {
    const bytes = Buffer.concat([Buffer.of(1, 0, 0, 150, 8), Buffer.alloc(8, 7), Buffer.of(20), Buffer.alloc(20, index), Buffer.of(0, 1, 0x40)]);
    const denial = record(`${"0".repeat(31)}${index}.trap`, T.NSEC3, bytes);
    return [denial, signature(denial.name, T.NSEC3, [denial], privateKey)];
  });
  const soa = record("trap", T.SOA, Buffer.concat([nameBytes("trap"), nameBytes("trap"), Buffer.alloc(20)]));
  const missing = message([], [soa, signature("trap", T.SOA, [soa], privateKey), ...nsec3.flat()], 3);
  const chain = chainOf([], () => missing);
  const began = process.cpuUsage();
  const verdict = await validate(chain, deep, T.A, missing);
  const spent = process.cpuUsage(began);
  expect(verdict.state).toBe("bogus");
  expect(chain.work.hashes).toBeLessThanOrEqual(MAX_HASHES);
  expect((spent.user + spent.system) / 1000).toBeLessThan(5000);
});

test("a target of an alias that is answered by nothing, again and again, is bogus", async () => {
  const alias = record("trap", T.CNAME, nameBytes("other.trap"));
  const answer = message([alias, signature("trap", T.CNAME, [alias], privateKey)]);
  expect(
    await validate(
      chainOf([], () => message([])),
      "trap",
      T.A,
      answer,
    ),
  ).toMatchObject({ state: "bogus", name: "other.trap" });
});

test("a chain asks a bounded number of questions", async () => {
  let asked = 0;
  const chain = chainOf([], () => {
    asked += 1;
    return null;
  });
  await Promise.all(Array.from({ length: 500 }, (_, index) => chain.fetch(`n${index}.trap`, T.DS)));
  expect(asked).toBeLessThanOrEqual(MAX_QUESTIONS);
});
