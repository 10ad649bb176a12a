import { readDomainReport } from "../../../../runner/mail/domain-report/read-domain-report.js";
import type { FailureError } from "../../../../runner/run/failure-error.js";

/** Why a report is refused: phase, code and message. */
export function reasonOf(bytes: Uint8Array | string): string {
  try {
    readDomainReport(Buffer.from(bytes));
  } catch (error) {
    const { phase, code, message } = (error as FailureError).failure;
    return `${phase} ${code}: ${message}`;
  }
  return "it was read";
}
