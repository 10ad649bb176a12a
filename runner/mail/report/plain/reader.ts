import type { ReportFormat } from "../../../../schemas/report.js";
import type { Header } from "../../header.js";
import type { ReportedRecipientText } from "../recipient.js";

/** A report in words: its lines, without what it holds of the message that it is about. */
export interface PlainReport {
  readonly header: Header;
  readonly lines: readonly string[];
}

export interface PlainReader {
  readonly format: ReportFormat;
  /** Words that this server writes, and no other. */
  readonly mark: RegExp;
  /** From where on the rest is the message that the report is about. */
  readonly original: RegExp;
  /** It is still tried. */
  readonly delay?: RegExp;
  readonly read: (report: PlainReport) => ReportedRecipientText[];
}
