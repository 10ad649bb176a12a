import { createPrivateKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { keyRecord } from "../../../runner/mail/dkim/key-record.js";
import { ed25519Key, rsaKey } from "../../support/dkim-keys.js";
import { type Outcome, probeRun } from "./command-line.js";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "probe-run-dkim-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

describe("dkim keygen", () => {
  test("writes a key readable by its owner only, and prints its record", async () => {
    const { code, out, err } = await probeRun(["dkim", "keygen", "Example.ORG"], { cwd });
    expect(code).toBe(0);
    const file = join(cwd, ".probe-run/dkim/example.org/default.pem");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const record = keyRecord(createPrivateKey(readFileSync(file)));
    expect(out).toContain(`\n${record}\n`);
    expect(out).toContain(`default._domainkey.example.org. 3600 IN TXT "${record.slice(0, 255)}" "${record.slice(255)}"\n`);
    expect(out).not.toContain("PRIVATE");
    expect(err).toContain("probe-run dkim check example.org --selector default --keys .probe-run/dkim");
  });

  test("creates both kinds, and prints JSON", async () => {
    const { out, err } = await probeRun(["dkim", "keygen", "example.org", "--type", "both", "--selector", "s1", "--out", "keys", "--json"], { cwd });
    expect(err).toBe("");
    const { domain, keys } = JSON.parse(out);
    expect(domain).toBe("example.org");
    expect(keys).toMatchObject([
      {
        selector: "s1",
        algorithm: "rsa-sha256",
        bits: 2048,
        private_key_file: "keys/example.org/s1.pem",
        record: { name: "s1._domainkey.example.org", type: "TXT" },
      },
      { selector: "s1-ed25519", algorithm: "ed25519-sha256", bits: null, private_key_file: "keys/example.org/s1-ed25519.pem" },
    ]);
    for (const { record } of keys) {
      expect(record.strings.join("")).toBe(record.value);
      expect(Math.max(...record.strings.map((text: string) => text.length))).toBeLessThanOrEqual(255);
    }
  });

  test("never overwrites a key", async () => {
    await probeRun(["dkim", "keygen", "example.org", "--type", "ed25519"], { cwd });
    const file = join(cwd, ".probe-run/dkim/example.org/default.pem");
    const before = readFileSync(file, "utf8");
    const { code, out, err } = await probeRun(["dkim", "keygen", "example.org", "--type", "ed25519"], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("is there already");
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test.each([
    [["keygen", "not a domain"], "is not a domain"],
    [["keygen", "192.0.2.1"], "is not a domain"],
    [["sign", "example.org"], 'unknown subcommand "sign"'],
    [["keygen", "example.org", "--type", "dsa"], '--type does not take "dsa"'],
    [["keygen", "example.org", "--bits", "1024"], "--bits must be"],
    [["keygen", "example.org", "--type", "ed25519", "--bits", "2048"], "--bits is for RSA"],
    [["keygen", "example.org", "--selector", "../../etc"], "is not a selector"],
    [["keygen", "example.org", "--keys", "x"], "dkim keygen does not take --keys"],
    [["check", "example.org", "--out", "x"], "dkim check does not take --out"],
    [["check", "example.org", "--resolver", "x"], "is not a name server"],
  ])("%j is rejected", async (words, message) => {
    const { code, err } = await probeRun(["dkim", ...words], { cwd });
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

describe("dkim check", () => {
  const rsa = rsaKey("example.org", "s1");
  const published = rsa.records["s1._domainkey.example.org"] as string;
  const short = rsaKey("example.org", "x", 1024).records["x._domainkey.example.org"] as string;
  const tooShort = rsaKey("example.org", "x", 512).records["x._domainkey.example.org"] as string;
  const ed25519 = ed25519Key("example.org", "x").records["x._domainkey.example.org"] as string;

  const quoted = (text: string): string => (text.match(/.{1,200}/g) ?? []).map((part) => `"${part}"`).join(" ");

  async function check(records: readonly string[], ...more: string[]): Promise<Outcome> {
    const zone = ["example.org. SOA ns hostmaster 1 3600 600 86400 60", ...records.map((text) => `s1._domainkey.example.org. TXT ${quoted(text)}`)].join("\n");
    const server = await startDnsServer({ zones: [zone] });
    try {
      return await probeRun(["dkim", "check", "example.org", "--selector", "s1", "--resolver", server.servers[0] as string, ...more], { cwd });
    } finally {
      await server.close();
    }
  }

  async function keygen(): Promise<string> {
    const { out } = await probeRun(["dkim", "keygen", "example.org", "--selector", "s1", "--out", "keys", "--json"], { cwd });
    return JSON.parse(out).keys[0].record.value;
  }

  test("our key matches the published one", async () => {
    const { code, out } = await check([await keygen()], "--keys", "keys");
    expect(code).toBe(0);
    expect(out).toMatch(/^ok {2}s1\._domainkey\.example\.org\n/);
    expect(out).toContain("it belongs to our key");
  });

  test("another key is published", async () => {
    await keygen();
    const { code, out } = await check([published], "--keys", "keys", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ status: "error", records: [published], findings: [{ severity: "error", reason: "another_key" }] });
  });

  test("there is no such key here", async () => {
    expect(JSON.parse((await check([published], "--keys", "keys", "--json")).out).findings).toMatchObject([{ reason: "key_missing" }]);
    await keygen();
    writeFileSync(join(cwd, "keys/example.org/s1.pem"), "no key");
    expect(JSON.parse((await check([published], "--keys", "keys", "--json")).out).findings).toMatchObject([{ reason: "key_wrong" }]);
  });

  test.each<[string, readonly string[], string, readonly string[]]>([
    ["a good key", [published], "ok", []],
    ["an Ed25519 key", [ed25519], "ok", []],
    ["without v= and k=", [published.replace("v=DKIM1; k=rsa; ", "")], "ok", []],
    ["blanks in the key", [published.replace("p=", "p= ").replace(/(.{80})/, "$1  ")], "ok", []],
    ["other texts beside it", ["v=spf1 -all", published], "ok", []],
    ["no record", [], "error", ["no_key_record"]],
    ["something else", ["hello"], "error", ["no_key_record"]],
    ["two records", [published, ed25519], "error", ["several_key_records"]],
    ["a revoked key", ["v=DKIM1; p="], "error", ["revoked"]],
    ["another version", [published.replace("DKIM1", "DKIM2")], "error", ["other_version"]],
    ["no p=", ["v=DKIM1; k=rsa"], "error", ["no_public_key"]],
    ["a tag twice", [`${published}; k=rsa`], "error", ["unreadable_key_record"]],
    ["an unknown kind", [published.replace("k=rsa", "k=dsa")], "error", ["unknown_key_type"]],
    ["the wrong kind", [published.replace("k=rsa", "k=ed25519")], "error", ["unreadable_ed25519_key"]],
    ["a cut key", [published.slice(0, 200)], "error", ["unreadable_key"]],
    ["1024 bits", [short], "warning", ["key_short"]],
    ["512 bits", [tooShort], "error", ["key_too_short"]],
    ["a test", [published.replace("k=rsa", "k=rsa; t=y:s")], "warning", ["testing"]],
    ["SHA-1 only", [published.replace("k=rsa", "k=rsa; h=sha1")], "error", ["no_sha256"]],
    ["not for mail", [published.replace("k=rsa", "k=rsa; s=other")], "error", ["not_for_mail"]],
  ])("%s", async (_what, records, status, reasons) => {
    const { code, out } = await check(records, "--json");
    const report = JSON.parse(out);
    expect({ status: report.status, reasons: report.findings.map(({ reason }: { reason: string }) => reason) }).toEqual({ status, reasons });
    expect(code).toBe(status === "error" ? 1 : 0);
  });

  test("a selector that is an alias", async () => {
    const zone = `example.org. SOA ns hostmaster 1 3600 600 86400 60\ns1._domainkey.example.org. CNAME k.example.org.\nk.example.org. TXT ${quoted(published)}`;
    const server = await startDnsServer({ zones: [zone] });
    const { code, out } = await probeRun(["dkim", "check", "example.org", "--selector", "s1", "--resolver", server.servers[0] as string, "--json"], { cwd });
    await server.close();
    expect(code).toBe(0);
    expect(JSON.parse(out).aliases).toEqual(["k.example.org"]);
  });

  test("failing name servers leave the result unknown", async () => {
    const server = await startDnsServer({ zones: ["example.org. SOA ns hostmaster 1 3600 600 86400 60"], behave: () => ({ rcode: 2 }) });
    const { code, out } = await probeRun(["dkim", "check", "example.org", "--resolver", server.servers[0] as string, "--json"], { cwd });
    await server.close();
    expect(code).toBe(1);
    expect(JSON.parse(out).findings).toMatchObject([{ reason: "not_known" }]);
  });
});
