import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { givenKeys } from "../../../../runner/mail/dkim/given-keys.js";
import { keyFolder } from "../../../../runner/mail/dkim/key-folder.js";
import { createSigner, type Signed } from "../../../../runner/mail/dkim/signer.js";
import type { WrittenKey } from "../../../../runner/mail/dkim/signing-key.js";
import { ed25519Key, rsaKey } from "../../../support/dkim-keys.js";

const rsa = rsaKey("example.org");
const ed25519 = ed25519Key("example.org");
const MESSAGE = "From: a@example.org\r\nSubject: s\r\n\r\nhello\r\n";

function sign(message: string, keys: readonly WrittenKey[] = [rsa]): Promise<Signed> {
  return createSigner({ keys: givenKeys(keys), now: () => 1_795_000_000_123 }).sign(Buffer.from(message));
}

function tagsOf(header: Buffer): Record<string, string> {
  const value = header
    .toString("latin1")
    .replace(/^DKIM-Signature:/, "")
    .replace(/\s+/g, "");
  return Object.fromEntries(value.split(";").map((tag) => [tag.slice(0, tag.indexOf("=")), tag.slice(tag.indexOf("=") + 1)]));
}

describe("the signature", () => {
  test("says what it signs, and when", async () => {
    const tags = tagsOf((await sign(MESSAGE)).header);
    expect(tags).toMatchObject({ v: "1", a: "rsa-sha256", c: "relaxed/relaxed", d: "example.org", s: "rsa", t: "1795000000" });
    expect(tags).not.toHaveProperty("x");
    expect(tags).not.toHaveProperty("l");
  });

  test("names every field that a reader is shown once more than it is there", async () => {
    const names =
      tagsOf((await sign("From: a@example.org\r\nTo: b@example.net\r\nTo: c@example.net\r\nDate: x\r\nList-Id: y\r\nReceived: z\r\n\r\n")).header).h?.split(
        ":",
      ) ?? [];
    const count = (name: string): number => names.filter((each) => each === name).length;
    const counts = ["from", "to", "cc", "subject", "reply-to", "date", "message-id", "list-id", "sender", "received", "dkim-signature"].map((name) => [
      name,
      count(name),
    ]);
    expect(Object.fromEntries(counts)).toEqual({
      from: 2,
      to: 3,
      cc: 1,
      subject: 1,
      "reply-to": 1,
      date: 2,
      "message-id": 0,
      "list-id": 1,
      sender: 0,
      received: 0,
      "dkim-signature": 0,
    });
  });

  test("is folded into lines of at most 78 characters", async () => {
    const lists = Array.from({ length: 40 }, (_, index) => `List-Id: <${index}>\r\n`).join("");
    const { header } = await sign(`${lists}${MESSAGE}`, [rsa, ed25519]);
    const lines = header.toString("latin1").split("\r\n");
    expect(lines.pop()).toBe("");
    expect(lines.filter((line) => line.startsWith("DKIM-Signature: "))).toHaveLength(2);
    expect(lines.filter((line) => line.length > 78)).toEqual([]);
    expect(lines.filter((line) => !/^(?:DKIM-Signature: |\t)\S/.test(line))).toEqual([]);
  });

  test("has its expiry time", async () => {
    const { header } = await createSigner({ keys: givenKeys([rsa]), expiresAfterSeconds: 86_400, now: () => 1_795_000_000_999 }).sign(Buffer.from(MESSAGE));
    expect(tagsOf(header)).toMatchObject({ t: "1795000000", x: "1795086400" });
  });

  test("takes an Ed25519 key that is written as its 32 bytes in base64", async () => {
    const seed = Buffer.from(ed25519.privateKey.replace(/-----.*-----/g, ""), "base64")
      .subarray(-32)
      .toString("base64");
    const [fromPem, fromSeed] = await Promise.all([sign(MESSAGE, [ed25519]), sign(MESSAGE, [{ ...ed25519, privateKey: seed }])]);
    expect(fromSeed.header).toEqual(fromPem.header);
    expect(fromSeed.signatures).toHaveLength(1);
  });
});

describe("the domain is that of From", () => {
  test.each([
    ["an address alone", "a@example.org"],
    ["a name", "A <a@example.org>"],
    ["a quoted name with an address in it", '"b@example.com, <c@example.com>" <a@example.org>'],
    ["comments, one in another", "(b@example.com (c@example.com)) a@example.org (d@example.com)"],
    ["a fold", "A\r\n\t<a@example.org>"],
    ["a quoted local part", '"a@b <c"@example.org'],
    ["a quoted local part in brackets", '<"a>@b"@example.org>'],
    ["capitals", "a@EXAMPLE.org"],
    ["a group", "Team: a@example.org;"],
  ])("%s", async (_what, from) => {
    const { signatures, problems } = await sign(`From: ${from}\r\n\r\n`);
    expect(problems).toEqual([]);
    expect(signatures).toEqual([{ domain: "example.org", selector: "rsa", algorithm: "rsa-sha256", alignment: "strict" }]);
  });

  test("a subdomain uses the key of its parent domain, and this is reported", async () => {
    const { signatures } = await sign("From: a@news.mail.example.org\r\n\r\n");
    expect(signatures).toEqual([{ domain: "example.org", selector: "rsa", algorithm: "rsa-sha256", alignment: "relaxed" }]);
  });

  test("a domain with its own key does not use that of its parent", async () => {
    const own = rsaKey("news.example.org", "own");
    const { signatures } = await sign("From: a@news.example.org\r\n\r\n", [rsa, own]);
    expect(signatures.map(({ selector }) => selector)).toEqual(["own"]);
  });

  test("letters that are not ASCII become A-labels", async () => {
    const { signatures } = await sign("From: a@bücher.example\r\n\r\n", [rsaKey("bücher.example")]);
    expect(signatures[0]?.domain).toBe("xn--bcher-kva.example");
  });

  test("each author's domain signs", async () => {
    const { signatures, problems } = await sign("From: a@example.org, b@example.net, c@example.com\r\n\r\n", [rsa, ed25519Key("example.net")]);
    expect(signatures.map(({ domain }) => domain)).toEqual(["example.org", "example.net"]);
    expect(problems).toMatchObject([{ code: "no_key", domain: "example.com" }]);
  });
});

describe("a message that cannot be signed is reported, and not signed", () => {
  const publicKey = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n";
  const encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMCowBQYDK2VwAyEA\n-----END ENCRYPTED PRIVATE KEY-----\n";

  test.each([
    ["no From", "Subject: s\r\n\r\n", rsa.privateKey, "no_from"],
    ["a From without a domain", "From: root\r\n\r\n", rsa.privateKey, "no_from"],
    ["an address literal", "From: a@[192.0.2.1]\r\n\r\n", rsa.privateKey, "no_from"],
    ["another domain", "From: a@example.com\r\n\r\n", rsa.privateKey, "no_key"],
    ["a domain that only ends like it", "From: a@badexample.org\r\n\r\n", rsa.privateKey, "no_key"],
    ["a body without an empty line before it", "From: a@example.org\r\nHello you\r\n", rsa.privateKey, "malformed_header"],
    ["a header that begins with a fold", " x\r\nFrom: a@example.org\r\n\r\n", rsa.privateKey, "malformed_header"],
    ["a blank before a colon", "From: a@example.org\r\nTo : b@example.net\r\n\r\n", rsa.privateKey, "malformed_header"],
    ["an empty message", "", rsa.privateKey, "no_from"],
    ["no key at all", MESSAGE, "hello", "key_wrong"],
    ["a public key", MESSAGE, publicKey, "key_wrong"],
    ["an encrypted key", MESSAGE, encrypted, "key_wrong"],
    ["half a key", MESSAGE, rsa.privateKey.slice(0, 400), "key_wrong"],
    ["a key that is too short", MESSAGE, rsaKey("example.org", "short", 512).privateKey, "key_too_short"],
  ])("%s", async (_what, message, privateKey, code) => {
    const signed = await sign(message, [{ ...rsa, privateKey }]);
    expect(signed.signatures).toEqual([]);
    expect(signed.header).toHaveLength(0);
    expect(signed.problems.map((problem) => problem.code)).toEqual([code]);
    expect(signed.problems[0]?.message).not.toContain("PRIVATE KEY-----\nM");
  });

  test("one valid key of two signs, and the other is reported", async () => {
    const { signatures, problems } = await sign(MESSAGE, [{ ...rsa, selector: "broken", privateKey: "x" }, ed25519]);
    expect(signatures.map(({ selector }) => selector)).toEqual(["ed"]);
    expect(problems).toMatchObject([{ code: "key_wrong", domain: "example.org", selector: "broken" }]);
  });
});

describe("a folder of keys", () => {
  let folder: string;
  let now: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-dkim-"));
    mkdirSync(join(folder, "example.org"));
    now = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (name: string, text: string, mode = 0o600): void => writeFileSync(join(folder, "example.org", name), text, { mode });
  const signer = () => createSigner({ keys: keyFolder(folder, () => now) });
  const selectors = ({ signatures }: Signed): string[] => signatures.map(({ selector }) => selector);

  test("every .pem of the domain signs, and nothing else", async () => {
    put("rsa.pem", rsa.privateKey);
    put("ed.pem", ed25519.privateKey);
    put("next.pem.new", rsa.privateKey);
    put(".hidden.pem", rsa.privateKey);
    const signed = await signer().sign(Buffer.from(MESSAGE));
    expect(selectors(signed)).toEqual(["ed", "rsa"]);
    expect(signed.problems).toEqual([]);
  });

  test("a key that comes later is used without a restart", async () => {
    const one = signer();
    expect((await one.sign(Buffer.from(MESSAGE))).problems).toMatchObject([{ code: "no_key" }]);
    put("rsa.pem", rsa.privateKey);
    expect(selectors(await one.sign(Buffer.from(MESSAGE)))).toEqual([]);
    now = 60_000;
    expect(selectors(await one.sign(Buffer.from(MESSAGE)))).toEqual(["rsa"]);
    put("rsa.pem", "no longer a key");
    now = 120_000;
    expect((await one.sign(Buffer.from(MESSAGE))).problems).toMatchObject([{ code: "key_wrong", selector: "rsa" }]);
  });

  test.each([
    [0o644, ["key_open_to_others"]],
    [0o622, ["key_open_to_others"]],
    [0o640, []],
    [0o400, []],
  ])("mode %o", async (mode, codes) => {
    put("rsa.pem", rsa.privateKey, 0o600);
    chmodSync(join(folder, "example.org", "rsa.pem"), mode);
    const { signatures, problems } = await signer().sign(Buffer.from(MESSAGE));
    expect(problems.map(({ code }) => code)).toEqual(codes);
    expect(signatures).toHaveLength(codes.length === 0 ? 1 : 0);
  });

  test("a path that is not a file is reported", async () => {
    mkdirSync(join(folder, "example.org", "folder.pem"));
    expect((await signer().sign(Buffer.from(MESSAGE))).problems).toMatchObject([{ code: "key_unreadable", selector: "folder" }]);
  });

  test("a missing folder is reported", async () => {
    const nowhere = createSigner({ keys: keyFolder(join(folder, "nowhere")) });
    expect((await nowhere.sign(Buffer.from(MESSAGE))).problems).toMatchObject([{ code: "key_missing", domain: "example.org" }]);
  });
});
