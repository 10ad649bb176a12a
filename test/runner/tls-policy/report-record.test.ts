import { describe, expect, test } from "vitest";
import { readReportRecords } from "../../../runner/tls-policy/report-record.js";

describe("point 54: the address for a domain's TLS reports", () => {
  test.each([
    ["v=TLSRPTv1; rua=mailto:reports@example.com", ["mailto:reports@example.com"]],
    ["v=TLSRPTv1;rua=https://reporting.example.com/v1/tlsrpt;", ["https://reporting.example.com/v1/tlsrpt"]],
    ["v=TLSRPTv1; rua=mailto:a@example.com , https://example.com/r?x=1;future=2", ["mailto:a@example.com", "https://example.com/r?x=1"]],
    ["v=TLSRPTv1; rua=ftp://example.com/,mailto:a@example.com", ["mailto:a@example.com"]],
  ])("%s", (text, rua) => {
    expect(readReportRecords([[text]])).toEqual({ kind: "found", rua });
  });

  test("is joined from all strings of the TXT record", () => {
    expect(readReportRecords([["v=spf1 -all"], ["v=TLSRPTv1; rua=mailto:", "a@example.com"]])).toEqual({ kind: "found", rua: ["mailto:a@example.com"] });
  });

  test("is missing without a record", () => {
    expect(readReportRecords([["v=spf1 -all"]])).toEqual({ kind: "none" });
    expect(readReportRecords([["v=TLSRPTv2; rua=mailto:a@example.com"]])).toEqual({ kind: "none" });
  });

  test.each([
    ["2 TLS report records", [["v=TLSRPTv1; rua=mailto:a@example.com"], ["v=TLSRPTv1; rua=mailto:b@example.com"]]],
    ["has no rua", [["v=TLSRPTv1; ruf=mailto:a@example.com"]]],
    ["no mailto: or https: address", [["v=TLSRPTv1; rua=http://example.com/"]]],
    ["no mailto: or https: address", [["v=TLSRPTv1; rua=mailto:nobody"]]],
    ["no mailto: or https: address", [["v=TLSRPTv1; rua="]]],
  ])("is missing if the record is invalid: %s", (message, records) => {
    expect(readReportRecords(records)).toEqual({ kind: "invalid", message: expect.stringContaining(message) });
  });
});
