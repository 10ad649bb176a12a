import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readDomainReport } from "../../../../runner/mail/domain-report/read-domain-report.js";
import type { DomainReport } from "../../../../schemas/domain-report.js";
import { feedback, record } from "./aggregate-report.js";
import { reasonOf } from "./refusal.js";

const AGGREGATE = readFileSync(new URL("../../../../fixtures/mail.report/rfc7489.xml", import.meta.url));
const TLS = readFileSync(new URL("../../../../fixtures/mail.report/rfc8460.json", import.meta.url));

function read(text: string): DomainReport {
  return readDomainReport(Buffer.from(text));
}

describe("an aggregate report", () => {
  test("of RFC 7489: period, policy, sources with counts, results, dispositions and overrides", () => {
    const report = readDomainReport(AGGREGATE);
    expect(report).toMatchObject({
      kind: "dmarc",
      format: "rfc7489",
      packing: [],
      domain: "example.org",
      receiver: { name: "mail.receiver.example", email: "noreply-dmarc@receiver.example", contact: "https://receiver.example/dmarc?a=1&b=2" },
      report_id: "9391651994964116463",
      begin: "2012-04-28T00:00:00Z",
      end: "2012-04-28T23:59:59Z",
      policy: { p: "reject", sp: "none", np: null, adkim: "r", aspf: "s", pct: "50", testing: null, discovery_method: null },
      messages: { total: 10, pass: 2, fail: 8, spf_aligned: 2, dkim_aligned: 0, delivered: 2, quarantined: 3, rejected: 5, overridden: 3 },
      problems: [],
    });
    expect(report.sources.map(({ ip, messages, pass, fail }) => [ip, messages, pass, fail])).toEqual([
      ["2001:db8::25", 5, 0, 5],
      ["203.0.113.53", 5, 2, 3],
    ]);
    expect(report.sources[1]).toMatchObject({
      header_from: ["example.org"],
      spf: [
        { domain: "example.org", result: "pass", messages: 2 },
        { domain: "example.org", result: "softfail", messages: 3 },
      ],
      dkim: [{ domain: "example.org", selector: null, result: "fail", messages: 2 }],
      overrides: [
        { type: "sampled_out", comment: null, messages: 3 },
        { type: "forwarded", comment: "looks <forwarded> ☺", messages: 3 },
      ],
    });
    expect(report.sources[0]).toMatchObject({ envelope_from: ["bounce.mailer.example"], header_from: ["news.example.org"] });
  });

  test("of RFC 9990: the namespace, with a prefix too, and the disposition pass", () => {
    expect(read(feedback(record({ disposition: "pass", dkim: "pass" })))).toMatchObject({
      format: "rfc9990",
      messages: { total: 1, pass: 1, delivered: 1, dkim_aligned: 1 },
    });
    const prefixed = feedback(record({}))
      .replaceAll("</", "</d:")
      .replace(/<(?=[a-z])/g, "<d:")
      .replace("xmlns=", "xmlns:d=");
    expect(read(prefixed)).toMatchObject({ format: "rfc9990", domain: "example.org", messages: { total: 1, fail: 1 } });
  });

  test("what a receiver wrote wrongly is named, and the rest is read", () => {
    const report = read(
      feedback(
        record({ count: "4" }),
        record({ ip: "mx.example" }),
        record({ count: "-3" }),
        record({ count: "99999999999999" }),
        record({ disposition: "drop" }),
      ).replace("<begin>1</begin>", "<begin>now</begin>"),
    );
    expect(report.messages).toMatchObject({ total: 5, fail: 5, delivered: 5 });
    expect(report.begin).toBeNull();
    expect(report.problems).toEqual([
      "record 2 was left out: its source_ip is not an address",
      "record 3 was left out: its count is not a number of messages",
      "record 4 was left out: its count is not a number of messages",
      '"drop" is not a disposition: counted as none',
      "date_range has no begin in seconds",
    ]);
  });

  test("other encodings are decoded as declared, and wrong bytes are refused", () => {
    const text = feedback(record({ more: "<reason><type>other</type><comment>für</comment></reason>" }));
    const latin = Buffer.from(text.replace('"1.0"?', '"1.0" encoding="iso-8859-1"?'), "latin1");
    const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");
    for (const bytes of [Buffer.from(text), latin, utf16]) expect(readDomainReport(bytes).sources[0]?.overrides[0]?.comment).toBe("für");
    expect(reasonOf(Buffer.from(text, "latin1"))).toBe("parse protocol_violation: its bytes are not valid in utf-8");
  });
});

describe("a TLS report (RFC 8460, appendix B)", () => {
  test("sessions by policy, and failures by type", () => {
    const report = readDomainReport(TLS);
    expect(report).toMatchObject({
      kind: "tls",
      format: "rfc8460",
      domain: "company-y.example",
      receiver: { name: "Company-X", contact: "sts-reporting@company-x.example" },
      begin: "2016-04-01T00:00:00Z",
      end: "2016-04-01T23:59:59Z",
      tls: { successful: 5333, failed: 303 },
      problems: [],
    });
    expect(report.tls?.policies[0]?.mail_hosts).toEqual(["*.mail.company-y.example"]);
    expect(report.tls?.policies[0]?.failures.map(({ type, sessions, reason }) => [type, sessions, reason])).toEqual([
      ["certificate-expired", 100, null],
      ["starttls-not-supported", 200, null],
      ["validation-failure", 3, "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"],
    ]);
    expect(report.tls?.policies[1]).toMatchObject({ type: "tlsa", successful: 7, failed: 0, failures: [] });
  });

  test("counts that are no numbers are named", () => {
    const report = read(
      JSON.stringify({ policies: [{ policy: null, summary: { "total-successful-session-count": "12", "total-failure-session-count": -1 } }, 7] }),
    );
    expect(report.tls).toMatchObject({ successful: 12, failed: 0 });
    expect(report.problems).toContain("total-failure-session-count is not a number of sessions: counted as 0");
  });
});

describe("what is no report, or is hostile", () => {
  test.each([
    [
      "a DOCTYPE with entities",
      feedback(record({})).replace("<feedback", '<!DOCTYPE x [<!ENTITY a "b">]><feedback'),
      "parse protocol_violation: it has a DOCTYPE, which no report has",
    ],
    ["an entity of its own", feedback(record({ more: "&file;" })), "parse protocol_violation: it is not well-formed XML: the reference &file; is not known"],
    ["an element that is not closed", feedback().replace("</feedback>", ""), "parse protocol_violation: it is not well-formed XML: <feedback> is not closed"],
    ["JSON of millions of values", `{"policies":[${"[],".repeat(1_100_000)}[]]}`, "parse limit_exceeded: its JSON has more than 2000000 values"],
    ["elements nested without an end", `<feedback>${"<a>".repeat(5000)}`, "parse limit_exceeded: elements are nested more than 128 deep"],
    ["a record with too many elements", feedback(record({ more: "<reason/>".repeat(3000) })), "parse limit_exceeded: <record> holds more than 2000 elements"],
    ["another XML document", "<html><body/></html>", "parse unsupported: its root is <html>, and that of an aggregate report is <feedback>"],
    ["other JSON", '{"a":1}', "parse unsupported: it is JSON without policies, and no TLS report"],
    [
      "a message without a report",
      "From: a@example.org\n\nHello.\n",
      "unpack unsupported: it holds no report: neither XML, JSON, gzip, zip, nor a message with one of them",
    ],
    ["nothing that is known", "\u0000\u0001", "unpack unsupported: it holds no report: neither XML, JSON, gzip, zip, nor a message with one of them"],
  ])("%s is refused with its reason", (_title, text, reason) => {
    expect(reasonOf(text)).toBe(reason);
  });

  test("deeply nested JSON is refused or read, and nothing else", () => {
    expect(reasonOf(`{"policies":${"[".repeat(1_000_000)}`)).toMatch(/^parse protocol_violation: it is not valid JSON/);
  });

  test("more bytes than are read are refused", () => {
    expect(reasonOf(Buffer.alloc(24 * 1024 * 1024 + 1, 0x20))).toBe("unpack limit_exceeded: it has more than 25165824 bytes");
  });
});
