import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.dmarc/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function dmarc(domain: string, records: readonly string[], behave: Parameters<typeof startDnsServer>[0]["behave"] = undefined): Promise<Output> {
  // Hosts of report addresses take mail.
  const hosts = new Set(records.flatMap((record) => [...record.matchAll(/mailto:\w+@(\w+)\.example/g)].map(([, label]) => `${label} MX 10 mx`)));
  const zone = ["$ORIGIN example.", "@ SOA ns hostmaster 1 3600 600 86400 60", ...hosts, ...records].join("\n");
  const server = await startDnsServer({ zones: [zone], ...(behave === undefined ? {} : { behave }) });
  open.push(server);
  return (await runReport("mail.dmarc", { domain, resolver: { servers: server.servers }, cache: "off" })).envelope.output as Output;
}

const reasons = ({ findings }: Output): string[] => findings.map(({ reason }) => reason).sort();

describe("mail.dmarc, labelled from RFC 9989 and RFC 9990", () => {
  test.each<[string, string, readonly string[], Partial<Output>, readonly string[]]>([
    [
      "reject with reports",
      "good.example",
      ['_dmarc.good TXT "v=DMARC1; p=reject; rua=mailto:r@good.example"'],
      { result: "found", policy: "reject", effective_policy: "reject" },
      [],
    ],
    [
      "a subdomain has sp of the record above",
      "a.good.example",
      ['_dmarc.good TXT "v=DMARC1; p=reject; sp=none; rua=mailto:r@good.example"'],
      { policy: "none", policy_domain: "good.example" },
      ["dmarc_policy"],
    ],
    [
      "sp weaker than p",
      "good.example",
      ['_dmarc.good TXT "v=DMARC1; p=reject; sp=none; rua=mailto:r@good.example"'],
      { policy: "reject", subdomain_policy: "none", non_existent_policy: "none" },
      ["dmarc_sub", "dmarc_sub"],
    ],
    ["no record", "none.example", [], { result: "none", record: null }, ["dmarc_record"]],
    [
      "two records",
      "double.example",
      ['_dmarc.double TXT "v=DMARC1; p=none"', '_dmarc.double TXT "v=DMARC1; p=reject"'],
      { result: "none", record: null },
      ["dmarc_record"],
    ],
    ["the wrong case", "case.example", ['_dmarc.case TXT "v=dmarc1; p=reject"'], { result: "none" }, ["dmarc_record"]],
    [
      "p missing, reports asked for",
      "np.example",
      ['_dmarc.np TXT "v=DMARC1; rua=mailto:r@np.example"'],
      { result: "found", policy: "none" },
      ["dmarc_p", "dmarc_policy"],
    ],
    ["p missing, no reports", "np.example", ['_dmarc.np TXT "v=DMARC1; sp=reject"'], { result: "none", policy: null }, ["dmarc_p"]],
    ["none without reports does nothing", "idle.example", ['_dmarc.idle TXT "v=DMARC1; p=none"'], { status: "error" }, ["dmarc_policy", "dmarc_rua"]],
    [
      "t=y lowers reject",
      "test.example",
      ['_dmarc.test TXT "v=DMARC1; p=reject; t=y; rua=mailto:r@test.example"'],
      { policy: "reject", effective_policy: "quarantine" },
      [],
    ],
    ["pct is gone", "pct.example", ['_dmarc.pct TXT "v=DMARC1; p=reject; pct=50; rua=mailto:r@pct.example"'], { policy: "reject" }, ["dmarc_old"]],
    ["reports to another domain without its record", "out.example", ['_dmarc.out TXT "v=DMARC1; p=reject; rua=mailto:r@taker.example"'], {}, ["dmarc_rua"]],
    [
      "reports to another domain with its record",
      "out.example",
      ['_dmarc.out TXT "v=DMARC1; p=reject; rua=mailto:r@taker.example"', 'out.example._report._dmarc.taker TXT "v=DMARC1"'],
      {},
      [],
    ],
  ])("%s", async (_name, domain, records, expected, findings) => {
    const output = await dmarc(domain, records);
    expect(output).toMatchObject(expected);
    expect(reasons(output)).toEqual([...findings]);
  });

  test("a name server that fails leaves it unknown, and neither good nor bad", async () => {
    const output = await dmarc("broken.example", [], ({ name }) => (name.startsWith("_dmarc.") ? { rcode: 2 } : undefined));
    expect(output).toMatchObject({ result: "unknown", status: "error", failure: { phase: "resolve", code: "dns_failure" }, policy: null });
    expect(output.checks.map(({ verdict }) => verdict)).toEqual(["unknown"]);
    expect(reasons(output)).toEqual([]);
  });
});
