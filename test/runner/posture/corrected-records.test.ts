import { describe, expect, test } from "vitest";
import { changesOf } from "../../../runner/posture/changes.js";
import { examineDmarc } from "../../../runner/posture/dmarc/examine.js";
import { judgeDmarc } from "../../../runner/posture/dmarc/judge.js";
import { examineSpf } from "../../../runner/posture/spf/examine.js";
import { judgeSpf } from "../../../runner/posture/spf/judge.js";
import { examineTlsReports } from "../../../runner/posture/tlsrpt/examine.js";
import { judgeTlsReports } from "../../../runner/posture/tlsrpt/judge.js";
import type { Check } from "../../../schemas/check.js";
import { questionsIn } from "./labelled-cases.js";

const written = (checks: readonly Check[]): string[] => changesOf(checks).map(({ name, new: text }) => `${name} ${text}`);

/** Names with their TXT records. */
const textsAt = (records: Readonly<Record<string, readonly string[]>>) => Object.fromEntries(Object.entries(records).map(([name, TXT]) => [name, { TXT }]));

const dmarcOf = async (domain: string, records: Readonly<Record<string, readonly string[]>>): Promise<Check[]> =>
  judgeDmarc(await examineDmarc(domain, questionsIn(textsAt(records))), { evidence: [], hasDkim: true, sends: true });
const spfOf = async (text: string, sends: boolean | null): Promise<Check[]> =>
  judgeSpf(await examineSpf("own.example", questionsIn(textsAt({ "own.example": [text] }))), { sends, evidence: [] });
const reportsOf = async (text: string): Promise<Check[]> =>
  judgeTlsReports(await examineTlsReports("own.example", questionsIn(textsAt({ "_smtp._tls.own.example": [text] }))), { evidence: [], isNeeded: true });

describe("DMARC", () => {
  test("a subdomain without a policy changes only what is below its parent", async () => {
    const checks = await dmarcOf("sub.own.example", { "_dmarc.own.example": ["v=DMARC1; p=reject; sp=none; rua=mailto:r@own.example"] });
    expect(written(checks)).toEqual(["_dmarc.own.example v=DMARC1; p=reject; rua=mailto:r@own.example; sp=quarantine"]);
  });

  test("without reports, reports come first, to the address that was meant", async () => {
    expect(written(await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; p=none; adkim=s"] }))).toEqual([
      "_dmarc.own.example v=DMARC1; p=none; adkim=s; rua=mailto:dmarc@own.example",
    ]);
    const checks = await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; p=none; rua=d@own.example"] });
    expect(written(checks)).toEqual(["_dmarc.own.example v=DMARC1; p=none; rua=mailto:d@own.example"]);
    expect(checks.find(({ id }) => id === "dmarc.rua")?.message).toContain("rua=d@own.example: each address is a URI that begins with mailto:");
  });

  test("with reports, quarantine follows", async () => {
    expect(written(await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; p=none; rua=mailto:r@own.example"] }))).toEqual([
      "_dmarc.own.example v=DMARC1; p=quarantine; np=reject; rua=mailto:r@own.example",
    ]);
  });

  test("no third record is advised beside two", async () => {
    const checks = await dmarcOf("own.example", { "_dmarc.own.example": ["v=DMARC1; p=reject", "v=DMARC1; p=none"] });
    expect(written(checks)).toEqual([]);
    expect(checks.map((each) => each.advice?.why)).toContain("Keep the one that you want, and remove the others.");
  });
});

describe("SPF that allows every address", () => {
  test("a record that names no server names the mail hosts before it refuses the rest", async () => {
    const checks = await spfOf("v=spf1 +all", true);
    expect(written(checks)).toEqual(["own.example v=spf1 mx -all"]);
    expect(changesOf(checks)[0]?.risk).toContain("fail SPF");
    expect(written(await spfOf("v=spf1 +all", null))).toEqual(["own.example v=spf1 mx -all"]);
  });

  test("one that names servers, or sends no mail, refuses the rest", async () => {
    expect(written(await spfOf("v=spf1 ip4:192.0.2.1 all", true))).toEqual(["own.example v=spf1 ip4:192.0.2.1 -all"]);
    expect(written(await spfOf("v=spf1 include:all.example all", true))).toContain("own.example v=spf1 include:all.example -all");
    expect(written(await spfOf("v=spf1 +all", false))).toEqual(["own.example v=spf1 -all"]);
  });
});

describe("TLS reports", () => {
  test.each(["v=TLSRPTv1; rua=tls@own.example", "v=TLSRPTv1 rua=mailto:tls@own.example", "v=tlsrptv1; rua=mailto:tls@own.example"])(
    "%s keeps its address",
    async (text) => expect(written(await reportsOf(text))).toEqual(["_smtp._tls.own.example v=TLSRPTv1; rua=mailto:tls@own.example"]),
  );

  test("what is no address is not kept", async () => {
    expect(written(await reportsOf("v=TLSRPTv1; rua=a@b@c"))).toEqual(["_smtp._tls.own.example v=TLSRPTv1; rua=mailto:tlsrpt@own.example"]);
  });
});
