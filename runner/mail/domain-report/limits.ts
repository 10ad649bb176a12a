/** How much of a report about a domain's mail is read. Anybody may send one. */
export const DOMAIN_REPORT_LIMITS = {
  /** As it comes: a file, an attachment, or a message. RFC 9990 knows no limit; receivers refuse larger mail. */
  bytes: 24 * 1024 * 1024,
  /** After unpacking. The largest aggregate reports of large receivers have some 10 MB. */
  documentBytes: 32 * 1024 * 1024,
  /** Of a zip file: a report is one file, and some add folders and marks of a system. */
  zipEntries: 20,
  /** A report may be forwarded within a message. */
  messageDepth: 3,
  /** Elements within one record, or within what stands before the records. */
  elements: 2000,
  /** Sources that the output holds, those with the most messages. All others are counted. */
  sources: 1000,
  /** Domains, results and reasons of one source, and of one policy. */
  listItems: 50,
  /** Brackets, braces and commas of a TLS report: JSON.parse makes a value of each, and the largest reports of large receivers have some thousands. */
  jsonMarks: 2_000_000,
  /** Policies of a TLS report, and failures of each. */
  policies: 1000,
  failures: 500,
  /** Deviations from the standard that are named; further ones are not. */
  problems: 20,
  textCharacters: 500,
} as const;
