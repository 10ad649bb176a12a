import { failureOfAnswer, isCertain } from "../../net/dns/answer.js";
import { readReportRecords } from "../../tls-policy/report-record.js";
import type { Questions } from "../questions.js";

export const TLSRPT_STATES = ["valid", "none", "invalid", "unknown"] as const;

export interface TlsReportFacts {
  readonly domain: string;
  readonly state: (typeof TLSRPT_STATES)[number];
  readonly rua: readonly string[];
  readonly problem: string | null;
  readonly texts: readonly string[];
  readonly near_misses: readonly string[];
}

/** Where a domain wants its TLS reports (RFC 8460, 3). */
export async function examineTlsReports(domain: string, questions: Questions): Promise<TlsReportFacts> {
  const name = `_smtp._tls.${domain}`;
  const answer = await questions.ask(name, "TXT");
  const texts = await questions.texts(name);
  const found = readReportRecords(answer.records);
  const about = { domain, texts, near_misses: texts.filter((text) => !/^v=TLSRPTv1[ \t]*;/.test(text) && /v\s?=\s?tlsrpt/i.test(text.slice(0, 200))) };
  if (!isCertain(answer)) return { ...about, state: "unknown", rua: [], problem: failureOfAnswer(answer, `TXT ${name}`).message };
  if (found.kind === "none") return { ...about, state: "none", rua: [], problem: null };
  if (found.kind === "invalid") return { ...about, state: "invalid", rua: [], problem: found.message };
  return { ...about, state: "valid", rua: found.rua, problem: null };
}
