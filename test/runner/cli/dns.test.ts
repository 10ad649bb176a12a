import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { reverseName } from "../../../runner/mail/dns-plan/reverse-name.js";
import { type Outcome, probeRun } from "./command-line.js";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "probe-run-dns-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const plan = (...options: string[]): Promise<Outcome> => probeRun(["dns", "plan", "example.org", ...options], { cwd });

interface PlannedRecord {
  topic: string;
  name: string;
  type: string;
  value: string;
  zone_line: string;
  status: string;
  detail: string | null;
}

const recordsOf = ({ out }: Outcome): PlannedRecord[] => JSON.parse(out).records;
const SOA = "SOA ns hostmaster 1 3600 600 86400 60";

describe("dns plan", () => {
  test("lists every record of the setup", async () => {
    await probeRun(["dkim", "keygen", "example.org", "--type", "both"], { cwd });
    const { certificate } = selfSigned({ names: ["mail.example.org"] });
    writeFileSync(join(cwd, "mail.pem"), certificate);
    const outcome = await plan("--address", "192.0.2.7", "--address", "2001:DB8::7", "--include", "_spf.example.net", "--dane", "mail.pem", "--json");
    expect(outcome.code).toBe(0);
    expect(recordsOf(outcome).map(({ topic, name, type, value }) => [topic, name, type, value])).toEqual([
      ["mx", "example.org", "MX", "10 mail.example.org."],
      ["address", "mail.example.org", "A", "192.0.2.7"],
      ["ptr", "7.2.0.192.in-addr.arpa", "PTR", "mail.example.org."],
      ["address", "mail.example.org", "AAAA", "2001:db8::7"],
      ["ptr", `7.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`, "PTR", "mail.example.org."],
      ["spf", "example.org", "TXT", "v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 include:_spf.example.net ~all"],
      ["helo", "mail.example.org", "TXT", "v=spf1 a -all"],
      ["dkim", "default-ed25519._domainkey.example.org", "TXT", expect.stringMatching(/^v=DKIM1; k=ed25519; p=/)],
      ["dkim", "default._domainkey.example.org", "TXT", expect.stringMatching(/^v=DKIM1; k=rsa; p=/)],
      ["dmarc", "_dmarc.example.org", "TXT", "v=DMARC1; p=none; rua=mailto:postmaster@example.org"],
      ["mta_sts", "_mta-sts.example.org", "TXT", expect.stringMatching(/^v=STSv1; id=[0-9a-f]{20};$/)],
      ["mta_sts_host", "mta-sts.example.org", "CNAME", "mail.example.org."],
      ["tls_rpt", "_smtp._tls.example.org", "TXT", "v=TLSRPTv1; rua=mailto:postmaster@example.org"],
      ["dane", "_25._tcp.mail.example.org", "TLSA", expect.stringMatching(/^3 1 1 [0-9a-f]{64}$/)],
    ]);
    expect(JSON.parse(outcome.out).policy_file).toEqual({
      url: "https://mta-sts.example.org/.well-known/mta-sts.txt",
      text: "version: STSv1\r\nmode: testing\r\nmx: mail.example.org\r\nmax_age: 86400\r\n",
    });
  });

  test("one of several keys", async () => {
    await probeRun(["dkim", "keygen", "example.org", "--type", "both"], { cwd });
    const keys = recordsOf(await plan("--selector", "default", "--json")).filter(({ topic }) => topic === "dkim");
    expect(keys.map(({ name }) => name)).toEqual(["default._domainkey.example.org"]);
    expect((await plan("--selector", "other")).err).toContain('there is no key "other"');
  });

  test("as a table, with the policy file and notes on stderr", async () => {
    const { code, out, err } = await plan("--address", "192.0.2.7");
    expect(code).toBe(0);
    expect(out).toMatch(/^NAME +TYPE +VALUE\n/);
    expect(out).toContain("MX     10 mail.example.org.\n");
    expect(err).toContain("version: STSv1");
    expect(err).toContain("probe-run dkim keygen example.org");
  });

  test("another policy has another id, the same policy the same", async () => {
    const idOf = async (...options: string[]): Promise<string | undefined> =>
      recordsOf(await plan(...options, "--json")).find(({ topic }) => topic === "mta_sts")?.value;
    expect(await idOf()).toBe(await idOf());
    expect(await idOf()).not.toBe(await idOf("--mta-sts", "enforce"));
    expect(await idOf("--mta-sts", "none")).toBeUndefined();
  });

  test.each([
    [["--reports", "foo"], '--reports "foo" is not a mail address'],
    [["--reports", "@example.org"], '--reports "@example.org" is not a mail address'],
    [["--dane", "nofile.pem"], '--dane: there is no file "nofile.pem"'],
    [["--dane", "."], "--dane: . is a folder"],
  ])("%j is refused", async (options, message) => {
    const { code, out, err } = await plan(...options);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });

  test("reports to another domain need its consent", async () => {
    const outcome = await plan("--reports", "dmarc@reports.example.net", "--json");
    expect(recordsOf(outcome)).toContainEqual(
      expect.objectContaining({ topic: "dmarc_reports", name: "example.org._report._dmarc.reports.example.net", value: "v=DMARC1" }),
    );
  });

  test.each([
    [["plan", "no domain"], "is not a domain"],
    [["show", "example.org"], 'unknown subcommand "show"'],
    [["plan", "example.org", "--address", "mail.example.org"], "is not an IP address"],
    [["plan", "example.org", "--dmarc", "strict"], "use one of none, quarantine, reject"],
    [["plan", "example.org", "--mta-sts", "on"], '--mta-sts does not take "on"'],
    [["plan", "example.org", "--reports", "a@example.org; p=none"], "is not a mail address that fits into a record"],
    [["plan", "example.org", "--include", 'x" "y'], "is not a name"],
    [["plan", "example.org", "--dane", "nowhere.pem"], 'there is no file "nowhere.pem"'],
    [["plan", "example.org", "--zone", "--check"], "cannot be combined"],
    [["plan", "example.org", "--name-server", "ns1.example.net"], "--name-server requires --zone"],
    [["plan", "example.org", "--zone", "--name-server", "no host"], "is not a domain"],
    [["plan", "example.org", "--resolver", "127.0.0.1"], "--resolver requires --check"],
    [["plan", "example.org", "--keys", "nowhere"], "a DKIM key cannot be read"],
  ])("%j is rejected", async (words, message) => {
    const { code, out, err } = await probeRun(["dns", ...words], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });
});

describe("dns plan --check", () => {
  async function check(zone: string, ...options: string[]): Promise<Outcome> {
    const server = await startDnsServer({ zones: [`. ${SOA}\n${zone}`] });
    try {
      return await plan("--address", "192.0.2.7", "--check", "--resolver", server.servers[0] as string, ...options);
    } finally {
      await server.close();
    }
  }

  const statuses = (outcome: Outcome): Record<string, string> => Object.fromEntries(recordsOf(outcome).map(({ topic, status }) => [topic, status]));

  test("accepts the zone that it prints", async () => {
    await probeRun(["dkim", "keygen", "example.org"], { cwd });
    const { certificate } = selfSigned({ names: ["mail.example.org"] });
    writeFileSync(join(cwd, "mail.pem"), certificate);
    const zone = (await plan("--address", "192.0.2.7", "--dane", "mail.pem", "--zone")).out.replace(/^;(?=\S)/gm, "");
    const outcome = await check(zone, "--dane", "mail.pem", "--json");
    expect(recordsOf(outcome).filter(({ status }) => status !== "ok")).toEqual([]);
    expect(outcome.code).toBe(0);
  });

  test("reports missing records", async () => {
    const outcome = await check("", "--json");
    expect(outcome.code).toBe(1);
    expect(new Set(Object.values(statuses(outcome)))).toEqual(new Set(["missing"]));
  });

  test.each<[string, string, string, string, RegExp | null]>([
    ["another mail host", "example.org. MX 10 mx.example.net.", "mx", "differs", /another host/],
    ["ours beside another", "example.org. MX 5 mx.example.net.\nexample.org. MX 20 MAIL.example.org.", "mx", "ok", null],
    ["another address", "mail.example.org. A 192.0.2.8", "address", "differs", null],
    ["another name of the address", "7.2.0.192.in-addr.arpa. PTR host7.example.net.", "ptr", "differs", null],
    ["SPF without the address", 'example.org. TXT "v=spf1 mx -all"', "spf", "differs", /fail for 192\.0\.2\.7 by -all/],
    ["SPF with a range", 'example.org. TXT "v=spf1 ip4:192.0.2.0/28 -all"', "spf", "ok", null],
    ["SPF by mx", 'example.org. TXT "v=spf1 mx -all"\nexample.org. MX 1 mx.example.net.\nmx.example.net. A 192.0.2.7', "spf", "ok", null],
    ["SPF by a", 'example.org. TXT "v=spf1 a:out.example.net -all"\nout.example.net. A 192.0.2.7', "spf", "ok", null],
    ["SPF by include", 'example.org. TXT "v=spf1 include:i.example.net -all"\ni.example.net. TXT "v=spf1 ip4:192.0.2.7 ?all"', "spf", "ok", null],
    ["SPF by redirect", 'example.org. TXT "v=spf1 redirect=r.example.net"\nr.example.net. TXT "v=spf1 ip4:192.0.2.7 ~all"', "spf", "ok", null],
    ["SPF that refuses it first", 'example.org. TXT "v=spf1 -ip4:192.0.2.7 ip4:192.0.2.0/24 -all"', "spf", "differs", /by -ip4/],
    ["SPF with a syntax error at its end", 'example.org. TXT "v=spf1 ip4:192.0.2.7 -al"', "spf", "differs", /permerror.*al/],
    ["SPF for everybody by a range", 'example.org. TXT "v=spf1 ip4:0.0.0.0/0 -all"', "spf", "differs", /everybody/],
    ["SPF of the host by its address", 'mail.example.org. TXT "v=spf1 ip4:192.0.2.7 -all"', "helo", "ok", null],
    ["SPF with more", 'example.org. TXT "v=spf1 a IP4:192.0.2.7 include:_spf.example.net -all"', "spf", "ok", null],
    ["SPF for everybody", 'example.org. TXT "v=spf1 ip4:192.0.2.7 +all"', "spf", "differs", /everybody/],
    ["SPF twice", 'example.org. TXT "v=spf1 ip4:192.0.2.7 ~all"\nexample.org. TXT "v=spf1 -all"', "spf", "differs", /2 SPF records/],
    ["another TXT record", 'example.org. TXT "hello"', "spf", "missing", null],
    ["a stricter DMARC policy", '_dmarc.example.org. TXT "v=DMARC1; p=reject"', "dmarc", "ok", null],
    ["DMARC without a policy, which acts as none", '_dmarc.example.org. TXT "v=DMARC1; rua=mailto:a@example.org"', "dmarc", "ok", null],
    ["DMARC without a policy and reports", '_dmarc.example.org. TXT "v=DMARC1; sp=none"', "dmarc", "differs", /counts for nothing/],
    ["DMARC twice", '_dmarc.example.org. TXT "v=DMARC1; p=none"\n_dmarc.example.org. TXT "v=DMARC1; p=reject"', "dmarc", "differs", /several/],
    ["MTA-STS without an id", '_mta-sts.example.org. TXT "v=STSv1; x=1;"', "mta_sts", "differs", /no id/],
    ["MTA-STS with another id", '_mta-sts.example.org. TXT "v=STSv1; id=1;"', "mta_sts", "ok", null],
    ["the policy's host elsewhere", "mta-sts.example.org. A 192.0.2.99", "mta_sts_host", "ok", null],
    ["reports to another party", '_smtp._tls.example.org. TXT "v=TLSRPTv1; rua=https://example.net/r"', "tls_rpt", "ok", null],
    ["a record without a recipient", '_smtp._tls.example.org. TXT "v=TLSRPTv1; x=y"', "tls_rpt", "differs", /no rua/],
  ])("%s", async (_what, zone, topic, status, detail) => {
    const outcome = await check(zone, "--json");
    const record = recordsOf(outcome).find((each) => each.topic === topic);
    expect(record?.status).toBe(status);
    if (detail !== null) expect(record?.detail).toMatch(detail);
  });

  test("reports a weaker DMARC policy than planned", async () => {
    expect(statuses(await check('_dmarc.example.org. TXT "v=DMARC1; p=none"', "--dmarc", "reject", "--json"))).toMatchObject({ dmarc: "differs" });
  });

  test("as a table", async () => {
    const { code, out } = await check("example.org. MX 10 mail.example.org.\nmail.example.org. A 192.0.2.8");
    expect(code).toBe(1);
    expect(out).toMatch(/^STATUS +NAME +TYPE +WHAT IS THERE\n/);
    expect(out).toMatch(/^ok +example\.org +MX +10 mail\.example\.org\.$/m);
    expect(out).toMatch(/^differs +mail\.example\.org +A +it says something else: 192\.0\.2\.8; to be: 192\.0\.2\.7$/m);
    expect(out).toMatch(/^missing +_dmarc\.example\.org +TXT +to be: v=DMARC1/m);
  });

  test("failing name servers leave the result unknown", async () => {
    const server = await startDnsServer({ zones: [`. ${SOA}`], behave: () => ({ rcode: 2 }) });
    const outcome = await plan("--check", "--resolver", server.servers[0] as string, "--json");
    await server.close();
    expect(outcome.code).toBe(1);
    expect(new Set(Object.values(statuses(outcome)))).toEqual(new Set(["unknown"]));
  });
});

test.each([
  ["192.0.2.7", "7.2.0.192.in-addr.arpa"],
  ["::1", `1.${"0.".repeat(31)}ip6.arpa`],
  ["2001:db8:1:2:3:4:5:6", "6.0.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"],
  ["::ffff:192.0.2.7", `7.0.2.0.0.0.0.c.f.f.f.f.${"0.".repeat(20)}ip6.arpa`],
])("the name of %s", (address, name) => {
  expect(reverseName(address)).toBe(name);
});
