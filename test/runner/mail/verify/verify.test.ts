import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import type { TxtLookup } from "../../../../runner/mail/verify/key-lookup.js";
import { readMessage } from "../../../../runner/mail/verify/message-parts.js";
import { verifyArc } from "../../../../runner/mail/verify/verify-arc.js";
import { verifyDkim } from "../../../../runner/mail/verify/verify-dkim.js";
import { startDkimOracle } from "../../../support/dkim-oracle.js";
import { realServer } from "../../../support/real-servers.js";

const AT = Date.parse("2026-11-20T00:00:00Z");

function lookupIn(records: Readonly<Record<string, string>>): TxtLookup {
  return async (name) =>
    name in records ? { outcome: "found", texts: [records[name] as string], problem: null } : { outcome: "no_such_name", texts: [], problem: null };
}

const verified = (message: Buffer, records: Readonly<Record<string, string>>, at = AT) => verifyDkim(readMessage(message), { lookup: lookupIn(records), at });

// RFC 8463, A.3: the message and its Ed25519 signature, as the RFC prints them.
const RFC_8463 = [
  "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;",
  " d=football.example.com; i=@football.example.com;",
  " q=dns/txt; s=brisbane; t=1528637909; h=from : to :",
  " subject : date : message-id : from : subject : date;",
  " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;",
  " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus",
  " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==",
  "From: Joe SixPack <joe@football.example.com>",
  "To: Suzie Q <suzie@shopping.example.net>",
  "Subject: Is dinner ready?",
  "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)",
  "Message-ID: <20030712040037.46341.5F8J@football.example.com>",
  "",
  "Hi.",
  "",
  "We lost the game.  Are you hungry yet?",
  "",
  "Joe.",
  "",
].join("\r\n");
const RFC_8463_KEY = { "brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" };

describe("the example of RFC 8463", () => {
  test("verifies, also when it was saved with bare line feeds", async () => {
    for (const text of [RFC_8463, RFC_8463.replaceAll("\r\n", "\n")]) {
      expect(await verified(Buffer.from(text), RFC_8463_KEY)).toMatchObject([
        { result: "pass", domain: "football.example.com", selector: "brisbane", algorithm: "ed25519-sha256", from_is_oversigned: true, key_bits: 256 },
      ]);
    }
  });

  test.each<[string, (text: string) => string, string, string]>([
    ["a changed body", (text) => text.replace("hungry", "angry"), "fail", "body_changed"],
    ["a changed subject", (text) => text.replace("dinner", "lunch"), "fail", "header_changed"],
    ["a second From above the first", (text) => text.replace("From: Joe", "From: Eve <eve@example.net>\r\nFrom: Joe"), "fail", "header_changed"],
    ["no v=", (text) => text.replace("v=1; ", ""), "permerror", "malformed_signature"],
    ["v=2", (text) => text.replace("v=1;", "v=2;"), "permerror", "malformed_signature"],
    ["no h=", (text) => text.replace("h=from : to :", "z=from : to :"), "permerror", "malformed_signature"],
    ["From not signed", (text) => text.replace("h=from : to :", "h=to :").replace("message-id : from :", "message-id :"), "permerror", "malformed_signature"],
    ["a tag that stands twice", (text) => text.replace("q=dns/txt;", "q=dns/txt; d=football.example.com;"), "permerror", "malformed_signature"],
    ["an identity of another domain", (text) => text.replace("i=@football.example.com", "i=@example.net"), "permerror", "malformed_signature"],
    ["an unknown query method", (text) => text.replace("q=dns/txt", "q=carrier/pigeon"), "permerror", "malformed_signature"],
    ["an unknown canonicalization", (text) => text.replace("c=relaxed/relaxed", "c=nowsp"), "permerror", "malformed_signature"],
    ["an unknown algorithm", (text) => text.replace("a=ed25519-sha256", "a=rsa-md5"), "permerror", "malformed_signature"],
    ["SHA-1", (text) => text.replace("a=ed25519-sha256", "a=rsa-sha1"), "permerror", "sha1"],
    ["a key of another kind", (text) => text.replace("a=ed25519-sha256", "a=rsa-sha256"), "permerror", "key_of_another_type"],
    ["x= before t=", (text) => text.replace("t=1528637909;", "t=1528637909; x=1528637908;"), "permerror", "malformed_signature"],
    ["x= that equals t=", (text) => text.replace("t=1528637909;", "t=1528637909; x=1528637909;"), "permerror", "malformed_signature"],
    ["an expiry that has passed", (text) => text.replace("t=1528637909;", "t=1528637909; x=1528637999;"), "permerror", "expired"],
    ["a selector without a key", (text) => text.replace("s=brisbane", "s=other"), "permerror", "no_key"],
    ["l= beyond the body", (text) => text.replace("q=dns/txt;", "q=dns/txt; l=99999;"), "permerror", "body_too_short"],
  ])("%s: %s", async (_name, change, result, reason) => {
    const changed = change(RFC_8463);
    expect(changed).not.toBe(RFC_8463);
    expect(await verified(Buffer.from(changed), RFC_8463_KEY)).toMatchObject([{ result, reason }]);
  });

  test.each([
    ["v=DKIM1; k=ed25519; p=", "permerror", "revoked"],
    ["v=DKIM1; k=ed25519; p=AAAA", "permerror", "unreadable_ed25519_key"],
    ["v=DKIM1; k=ed25519; h=sha1; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "permerror", "no_sha256"],
    ["v=DKIM1; k=ed25519; s=other; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "permerror", "not_for_mail"],
    ["v=DKIM1; k=ed25519; t=s; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "pass", null],
  ])("the key record %s: %s", async (record, result, reason) => {
    expect(await verified(Buffer.from(RFC_8463), { "brisbane._domainkey.football.example.com": record })).toMatchObject([{ result, reason }]);
  });

  test("a name server that does not answer is a temperror, and never a failure", async () => {
    const [only] = await verifyDkim(readMessage(Buffer.from(RFC_8463)), {
      lookup: async () => ({ outcome: "server_failure", texts: [], problem: null }),
      at: AT,
    });
    expect(only).toMatchObject({ result: "temperror", reason: "key_unavailable" });
  });

  test("of ten thousand signatures ten are looked at", async () => {
    const [signature, rest] = [RFC_8463.slice(0, RFC_8463.indexOf("From:")), RFC_8463.slice(RFC_8463.indexOf("From:"))];
    let questions = 0;
    const lookup: TxtLookup = async () => {
      questions += 1;
      return { outcome: "no_such_name", texts: [], problem: null };
    };
    const results = await verifyDkim(readMessage(Buffer.from(signature.repeat(10_000) + rest)), { lookup, at: AT });
    expect(results).toHaveLength(10);
    expect(questions).toBe(10);
  });
});

realServer("DKIM and ARC beside python3-dkim", ["dkimverify"], () => {
  const oracle = startDkimOracle();
  afterAll(() => oracle.stop());
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = privateKey.export({ type: "pkcs1", format: "pem" }) as string;
  const records = {
    "s1._domainkey.example.org": `v=DKIM1; k=rsa; p=${createPublicKey(privateKey).export({ type: "spki", format: "der" }).toString("base64")}`,
  };

  const random = randomFrom(20261129);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const line = (): string => Array.from({ length: Math.floor(random() * 12) }, () => pick(["a", "b ", " ", "\t", "  x", "\t \t", "=", "ü", "."])).join("");
  const message = (): Buffer => {
    const header = [
      "From: a@example.org",
      "To: b@example.net",
      pick(["Subject:  x  y ", "Subject: x\r\n\ty", "Subject:"]),
      "Date: Fri, 20 Nov 2026 00:00:00 +0000",
    ];
    const body = Array.from({ length: Math.floor(random() * 8) }, line).join("\r\n");
    return Buffer.from(`${header.join("\r\n")}\r\n\r\n${body}${pick(["\r\n", "\r\n\r\n\r\n"])}`);
  };
  const damage = (bytes: Buffer): Buffer => {
    const damaged = Buffer.from(bytes);
    const at = Math.floor(random() * damaged.length);
    damaged[at] = pick([0x20, 0x41, 0x3b, 0x3d, 0x0d, 0x0a]);
    return pick([damaged, Buffer.concat([bytes, Buffer.from("more\r\n")]), Buffer.concat([bytes, Buffer.from("\r\n\r\n")]), bytes]);
  };

  test("400 signed messages, most of them damaged afterwards: not one verdict differs", { timeout: 300_000 }, async () => {
    let passes = 0;
    for (let count = 0; count < 400; count += 1) {
      const options = {
        key,
        canonicalize: pick(["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"]),
        fields: pick([["from"], ["from", "to", "subject"], ["from", "from", "date"]]),
        length: random() < 0.2,
      };
      const signed = await oracle.sign(message(), options);
      const received = count % 3 === 0 ? signed : damage(signed);
      // A bare CR or LF, and a last line without an end, are not seen on the wire; python3-dkim reads them in its own way.
      const text = received.toString("latin1");
      if (/\r(?!\n)|(?<!\r)\n/.test(text) || !text.endsWith("\r\n")) continue;
      const theirs = await oracle.verify(received, records);
      const [ours] = await verified(received, records);
      if (theirs) passes += 1;
      expect(ours?.result === "pass", `${JSON.stringify(options.canonicalize)}: ${JSON.stringify(received.toString("latin1"))} ${JSON.stringify(ours)}`).toBe(
        theirs,
      );
    }
    expect(passes).toBeGreaterThan(100);
  });

  test("chains of one to three seals pass; a changed body, seal or order fails", { timeout: 120_000 }, async () => {
    for (const instances of [1, 2, 3]) {
      const sealed = await oracle.seal(message(), { key, instances });
      expect(await oracle.verifyChain(sealed, records)).toBe("pass");
      const arc = (bytes: Buffer) => verifyArc(readMessage(bytes), { lookup: lookupIn(records), at: AT });
      expect(await arc(sealed)).toMatchObject({ result: "pass", instance: instances, sealers: new Array(instances).fill("example.org"), oldest_pass: 1 });
      const changes: readonly ((text: string) => string)[] = [
        (text) => `${text}more\r\n`,
        (text) => text.replace(/ARC-Seal: i=1;/i, "ARC-Seal: i=2;"),
        (text) => text.replace("cv=none", "cv=pass"),
        (text) => text.replace(/lists\.example; ?arc=/, "lists.example; spf="),
        (text) => text.replace(/^ARC-Authentication-Results:[\s\S]*?\r\n(?![ \t])/m, ""),
      ];
      for (const change of changes) {
        const text = sealed.toString("latin1");
        const changed = change(text);
        expect(changed).not.toBe(text);
        expect(await arc(Buffer.from(changed, "latin1")), change.toString()).toMatchObject({ result: "fail" });
      }
    }
  });
});

test("a message without ARC has no chain", async () => {
  expect(await verifyArc(readMessage(Buffer.from(RFC_8463)), { lookup: lookupIn({}), at: AT })).toMatchObject({ result: "none", instance: null });
});

/** Mulberry32: the same messages in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
