import { expect } from "vitest";
import { newest } from "../../../../probes/mail.bounce/schema.js";
import { REPORT_LIMITS } from "../../../../runner/mail/report/limits.js";
import { readReport } from "../../../../runner/mail/report/read-report.js";
import type { MailReport } from "../../../../schemas/report.js";

/** Whatever was read fits the contract, and is no larger than what is promised. */
export function checkedReport(bytes: Uint8Array): MailReport {
  const report = readReport(bytes);
  const output = { status: "ok", failure: null, ip_address: null, connected_time: null, operations: [], duration_ms: 0, ...report, findings: [] };
  const longest = (texts: readonly (string | null)[]): number => Math.max(0, ...texts.map((text) => text?.length ?? 0));
  expect({
    faults: newest.output.faults(structuredClone(output)),
    isBounded:
      report.recipients.length <= REPORT_LIMITS.recipients &&
      longest(report.recipients.map(({ address }) => address)) <= REPORT_LIMITS.addressCharacters + 1 &&
      longest(report.recipients.map(({ diagnostic }) => diagnostic)) <= 1001,
  }).toEqual({ faults: [], isBounded: true });
  return report;
}
