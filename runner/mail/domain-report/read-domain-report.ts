import type { DomainReport } from "../../../schemas/domain-report.js";
import { failureError } from "../../run/failure-error.js";
import { readAggregateReport } from "./aggregate.js";
import { readTlsReport } from "./tls.js";
import { isDocument, isXml, unpack } from "./unpack.js";

/**
 * Reads a report about a domain's mail, as a document, packed, or in a message. Throws a FailureError with the reason why it cannot be read; nothing
 * is known of it then.
 */
export function readDomainReport(bytes: Uint8Array): DomainReport {
  const { document, packing } = unpack(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  if (!isDocument(document)) throw failureError("parse", "unsupported", "it is neither XML nor JSON");
  return { ...(isXml(document) ? readAggregateReport(document) : readTlsReport(document)), packing: [...packing] };
}

export const EMPTY_DOMAIN_REPORT: DomainReport = {
  kind: null,
  format: null,
  packing: [],
  domain: null,
  receiver: { name: null, email: null, contact: null, generator: null },
  report_id: null,
  begin: null,
  end: null,
  policy: null,
  messages: null,
  sources: [],
  sources_left_out: 0,
  tls: null,
  problems: [],
};
