import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Posture } from "../../../runner/cli/posture/card.js";
import { pageOf } from "../../../runner/cli/posture/page.js";
import { labOf } from "../../../runner/harness/registry.js";
import { runReport } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { probeRun } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-posture-"));
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("probe-run posture", () => {
  test("prints three answers, what does not pass, and the first change", async () => {
    const { code, out } = await probeRun(["posture", "--lab=open"]);
    expect(code).toBe(1);
    expect(out).toMatch(/^open\.example {3}both · \d+ questions, /);
    expect(out).toMatch(/^ {2}Can others send in your name\? {5}PARTLY {5}DMARC only watches \(p=none\)$/m);
    expect(out).toMatch(/^ {2}Can mail to you be read or lost\? {2}OPEN {7}mx\.open\.example offers no STARTTLS$/m);
    expect(out).toMatch(/^ {2}✘ tls\.starttls {3}mx\.open\.example offers no STARTTLS \(RFC 3207\)$/m);
    expect(out).toMatch(/^ {2}First: tls\.starttls: Offer STARTTLS on mx\.open\.example: /m);
    expect(out).toMatch(/^ {2}Then: {2}_dmarc\.open\.example\. TXT "v=DMARC1; p=quarantine; /m);
    expect(out).not.toMatch(/✔/);
  });

  test("--all shows what passes, --json prints the envelope", async () => {
    const all = await probeRun(["posture", "--lab=good", "--all"]);
    expect(all.code).toBe(0);
    expect(all.out).toMatch(/✔ spf\.record/);
    const json = await probeRun(["posture", "--lab=good", "--json"]);
    expect(JSON.parse(json.out)).toMatchObject({ output: { domain: "good.example", profile: "both" } });
  });

  test("--html writes one page without requests, and never over a file", async () => {
    const path = join(folder, "card.html");
    const first = await probeRun(["posture", "--lab=open", "--html", path]);
    expect(first.code).toBe(1);
    const page = readFileSync(path, "utf8");
    expect(page).toMatch(/default-src 'none'/);
    expect(page).not.toMatch(/(?:src|href)=/);
    expect(page).toMatch(/<b>decides<\/b>/);
    const again = await probeRun(["posture", "--lab=open", "--html", path]);
    expect(again.code).toBe(2);
    expect(again.err).toMatch(/exists/);
    expect(readFileSync(path, "utf8")).toBe(page);
  });

  test("--since shows what has changed since an earlier run, worst first", async () => {
    const { out } = await probeRun(["posture", "--lab=open", "--json"]);
    const envelope = JSON.parse(out) as { output: Posture };
    const same = join(folder, "same.json");
    writeFileSync(same, out);
    expect((await probeRun(["posture", "--lab=open", "--since", same])).out).toMatch(/^ {2}Nothing has changed since then\.$/m);
    // As it was before: TLS was offered, and a check was made that there is no more.
    const checks = envelope.output.checks.flatMap((each) =>
      each.id === "tls.starttls" ? [{ ...each, verdict: "pass" }] : each.id === "dmarc.policy" ? [{ ...each, id: "dmarc.gone" }] : [each],
    );
    const lines = [{ output: { ...envelope.output, domain: "other.example" } }, { output: { ...envelope.output, checks } }, "cut off"];
    const earlier = join(folder, "earlier.jsonl");
    writeFileSync(earlier, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
    const page = join(folder, "since.html");
    const card = (await probeRun(["posture", "--lab=open", "--since", earlier, "--html", page])).out;
    expect(card).toMatch(
      /Changed since then:\n {2}✔ → ✘ {2}tls\.starttls {2}mx\.open\.example offers no STARTTLS\n {4}→ ▲ {2}dmarc\.policy .*\n {2}▲ → {4}dmarc\.gone /,
    );
    expect(readFileSync(page, "utf8")).toMatch(/pass → error<\/td><td><code>tls\.starttls/);
    for (const [file, why] of [
      [join(folder, "none.json"), /there is no file ".*none\.json"/],
      [page, /holds no run of posture for open\.example/],
    ] as const) {
      const refused = await probeRun(["posture", "--lab=open", "--since", file]);
      expect(refused.code).toBe(2);
      expect(refused.err).toMatch(why);
    }
  });

  test("text from records is text on the page", async () => {
    const lab = await (await labOf("mail.posture"))?.start(() => 0);
    if (lab === undefined) throw new Error("mail.posture has no lab");
    open.push(lab);
    const output = (await runReport("mail.posture", lab.servers[1]?.input)).envelope.output as Posture;
    const hostile = '<script>alert("x")</script><img src=x onerror=alert(1)>\u202e';
    const page = pageOf({ ...output, domain: hostile, checks: output.checks.map((each) => ({ ...each, message: hostile })) } as Posture, [], new Date(0));
    expect(page).not.toContain("<img");
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page).not.toContain("\u202e");
  });

  test("the most urgent step comes first, also where no record can be derived, and every error has one", async () => {
    const zone = [
      "$ORIGIN example.",
      "@ SOA ns hostmaster 1 3600 600 86400 60",
      "mx A 9.9.9.9",
      'two MX 10 mx\ntwo TXT "v=spf1 mx -all"\ntwo TXT "v=spf1 ip4:9.9.9.8 ~all"',
      `eleven MX 10 mx\neleven TXT "v=spf1 ${Array.from({ length: 11 }, (_each, index) => `a:a${index}.example`).join(" ")} -all"`,
      '_dmarc.eleven TXT "v=DMARC1; p=none; rua=mailto:d@eleven.example"',
    ].join("\n");
    const server = await startDnsServer({ zones: [zone] });
    open.push(server);
    const common = ["--resolver", server.servers[0] as string, "--no-connect", "--no-blocklists"];
    const two = (await probeRun(["posture", "two.example", ...common])).out;
    expect(two).toMatch(/First: two\.example\. TXT "v=spf1 mx ip4:9\.9\.9\.8 ~all"\n.*\n {2}Then: {2}remove two\.example\. TXT "v=spf1 ip4:9\.9\.9\.8 ~all"\n/);
    const eleven = (await probeRun(["posture", "eleven.example", ...common])).out;
    expect(eleven).toMatch(/First: spf\.lookups: Remove what no longer sends/);
    expect(eleven).toMatch(/Then: {2}spf\.void: Remove the terms that lead to names without records: a0\.example/);
    const file = join(folder, "urgent.txt");
    writeFileSync(file, "two.example\neleven.example\n");
    const table = (await probeRun(["posture", "--file", file, ...common])).out;
    expect(table).toMatch(/^two\.example .* spf\.record: two\.example$/m);
    expect(table).toMatch(/^eleven\.example .* spf\.lookups: Remove what no longer sends/m);
  });

  test("several domains give a row each; results are stored, and a second call resumes", async () => {
    const zone = [
      "$ORIGIN example.",
      "@ SOA ns hostmaster 1 3600 600 86400 60",
      ...["one", "two", "three"].map((name) => `${name} MX 0 .\n${name} TXT "v=spf1 -all"`),
    ].join("\n");
    const server = await startDnsServer({ zones: [zone] });
    open.push(server);
    const list = join(folder, "domains.txt");
    const results = join(folder, "results.jsonl");
    writeFileSync(list, "one.example\n# a comment\ntwo.example\n");
    const common = ["--resolver", server.servers[0] as string, "--no-connect", "--no-blocklists", "--results", results];
    const first = await probeRun(["posture", "--file", list, ...common]);
    expect(first.out.split("\n")[0]).toMatch(/^DOMAIN +SPOOFING +ARRIVAL +RECEIVING +FIRST$/);
    expect(first.out).toMatch(/^one\.example {2}open {7}protected {2}protected {2}dmarc\.record: _dmarc\.one\.example$/m);
    expect(first.code).toBe(1);
    const second = await probeRun(["posture", "three.example", "--file", list, ...common]);
    expect(second.err).toMatch(/2 of 3 domains are in .*results\.jsonl already/);
    expect(second.out).not.toMatch(/^one\.example/m);
    expect(readFileSync(results, "utf8").trim().split("\n")).toHaveLength(3);
  });

  test.each([
    [["posture"], /there must be one domain/],
    [["posture", "not a domain"], /"not a domain" is no domain/],
    [["posture", "a.example", "b.example", "--html", "x.html"], /--html shows one domain/],
    [["posture", "a.example", "--profile", "big"], /profile/],
    [["posture", "a.example", "--results", "package.json"], /holds no results of posture/],
  ])("%s is refused", async (argv, message) => {
    const { code, err } = await probeRun(argv);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});
