import type { FailedExpectation } from "../../runner/service-check/expectations.js";
import type { FtpTransfer } from "../../schemas/ftp.js";
import type { FtpEvidence } from "./evidence.js";

/** What the inputs may expect of data connections. Without a transfer no such expectation is met. */

export function judgeEntries(wanted: number, { list }: FtpEvidence): FailedExpectation | null {
  const actual = list?.entries ?? null;
  if (actual !== null && actual >= wanted) return null;
  return { reason: "too_few_entries", message: actual === null ? "nothing was listed" : `the list has ${actual} entries`, expected: wanted, actual };
}

export function judgeDataTls(wanted: boolean, evidence: FtpEvidence): FailedExpectation | null {
  return wanted === (evidence.data_protection === "private")
    ? null
    : {
        reason: "data_tls_differs",
        message: `data connections have ${wanted ? "no " : ""}TLS`,
        expected: String(wanted),
        actual: String(!wanted),
      };
}

export function judgeResumption(wanted: boolean, evidence: FtpEvidence): FailedExpectation | null {
  const sessions = transfersOf(evidence).map(({ tls }) => tls?.is_resumed ?? false);
  if (sessions.length > 0 && sessions.every((isResumed) => isResumed === wanted)) return null;
  const message =
    sessions.length === 0 ? "there was no data connection" : `a data connection ${wanted ? "began a new TLS session" : "resumed the TLS session"}`;
  return { reason: "tls_resumption_differs", message, expected: String(wanted), actual: sessions.length === 0 ? null : String(!wanted) };
}

export function judgeFirstByte(wanted: number, evidence: FtpEvidence): FailedExpectation | null {
  // An empty directory sends no byte: its end is the answer.
  const times = transfersOf(evidence).map(({ first_byte_ms: first, transfer_ms: whole }) => first ?? whole);
  const late = times.find((time) => time === null || time > wanted);
  if (times.length > 0 && late === undefined) return null;
  const message = late == null ? "no data arrived" : `the first byte took ${late} ms`;
  return { reason: "slow_first_byte", message, expected: wanted, actual: late ?? null };
}

function transfersOf({ list, download }: FtpEvidence): FtpTransfer[] {
  return [list, download].filter((each) => each !== null);
}
