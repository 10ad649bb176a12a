import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { probeRun } from "./command-line.js";

const ADDRESSES = ["--address", "192.0.2.7", "--address", "2001:db8::7"];

realServer("dns plan --zone, as BIND's named-checkzone reads it", ["named-checkzone"], () => {
  const cwd = mkdtempSync(join(tmpdir(), "probe-run-zone-"));
  beforeAll(async () => {
    await probeRun(["dkim", "keygen", "example.org", "--type", "both"], { cwd });
    writeFileSync(join(cwd, "mail.pem"), selfSigned({ names: ["mail.example.org"] }).certificate);
  });
  afterAll(() => rmSync(cwd, { recursive: true }));

  const plan = async (...options: string[]): Promise<string> => {
    const { code, out, err } = await probeRun(["dns", "plan", "example.org", ...options, "--zone"], { cwd });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    return out;
  };

  /** What it says of a zone. Warnings are faults, too: -k and -m are for names and MX records. */
  const checked = async (zone: string, text: string): Promise<string> => {
    const file = join(cwd, "zone");
    writeFileSync(file, text);
    // local: it asks no name server about hosts of other zones.
    const args = ["-i", "local", "-k", "fail", "-m", "fail", "-M", "fail", "-n", "fail", "-r", "fail", "-S", "fail", zone, file];
    const { stdout, stderr } = await promisify(execFile)(programPath("named-checkzone") as string, args).catch((error) => error);
    return `${stdout}${stderr}`;
  };
  const isLoaded = (zone: string) => expect.stringMatching(new RegExp(`^zone ${zone}/IN: loaded serial \\d+\\nOK\\n$`));
  const begun = (zone: string, text: string) =>
    `${zone}. 60 IN SOA ns1.example.net. hostmaster.example.net. 1 7200 3600 1209600 60\n${zone}. 60 IN NS ns1.example.net.\n${text}`;

  test("a whole zone", async () => {
    const zone = await plan(
      ...ADDRESSES,
      "--dane",
      "mail.pem",
      "--include",
      "_spf.example.net",
      "--name-server",
      "ns1.example.net",
      "--name-server",
      "ns2.example.net",
    );
    expect(await checked("example.org", zone)).toEqual(isLoaded("example\\.org"));
    expect(zone).toMatch(/ SOA ns1\.example\.net\. hostmaster\.example\.org\. 20\d{6}01 /);
    expect(zone).toContain("_25._tcp.mail.example.org.");
  });

  test("lines for a zone that is there", async () => {
    expect(await checked("example.org", begun("example.org", await plan(...ADDRESSES, "--dane", "mail.pem")))).toEqual(isLoaded("example\\.org"));
  });

  test("a mail host and reports of other domains are outside of it", async () => {
    const zone = await plan(...ADDRESSES, "--mail-host", "mx.example.net", "--dane", "mail.pem", "--reports", "dmarc@reports.example.com");
    expect(await checked("example.org", begun("example.org", zone))).toEqual(isLoaded("example\\.org"));
    const outside = [...zone.matchAll(/^;(\S+) \d+ IN (\S+) /gm)].map(([, name, type]) => `${name} ${type}`);
    expect(outside).toEqual([
      "mx.example.net. A",
      "7.2.0.192.in-addr.arpa. PTR",
      "mx.example.net. AAAA",
      expect.stringMatching(/^7\.0\..*\.ip6\.arpa\. PTR$/),
      "mx.example.net. TXT",
      "example.org._report._dmarc.reports.example.com. TXT",
      "_25._tcp.mx.example.net. TLSA",
    ]);
  });

  test.each(["2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"])("the PTR records, in the zone %s", async (reverse) => {
    const lines = (await plan(...ADDRESSES)).split("\n").filter((line) => line.startsWith(";") && line.includes(" PTR ") && line.includes(`.${reverse}.`));
    expect(lines).toHaveLength(1);
    expect(await checked(reverse, begun(reverse, `${lines.map((line) => line.slice(1)).join("\n")}\n`))).toEqual(isLoaded(reverse.replaceAll(".", "\\.")));
  });

  test("it does not take a record of another zone: what the section is for", async () => {
    const whole = (await plan(...ADDRESSES)).replace(/^;(?=\S)/gm, "");
    expect(await checked("example.org", begun("example.org", whole))).toContain("ignoring out-of-zone data");
  });
});
