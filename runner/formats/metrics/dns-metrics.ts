import type { Carried } from "../../../schemas/carried.js";
import { type Series, secondsSeries, series } from "./series.js";

interface DnsSeen {
  readonly answers: readonly {
    readonly rcode: string | null;
    readonly records: readonly { readonly type: string; readonly data: string }[];
    readonly authority: readonly { readonly type: string; readonly data: string }[];
    readonly duration_ms: number;
  }[];
}

/** Of the first answer: a module asks one server one question. */
export function dnsMetrics(carried: Carried): Series[] {
  const [answer] = (carried as unknown as DnsSeen).answers;
  if (answer === undefined) return series("probe_dns_query_succeeded", 0);
  const soa = answer.records.find(({ type }) => type === "SOA");
  return [
    ...series("probe_dns_query_succeeded", answer.rcode === null ? 0 : 1),
    ...series("probe_dns_answer_rrs", answer.records.length),
    ...series("probe_dns_authority_rrs", answer.authority.length),
    ...series("probe_dns_serial", soa === undefined ? null : Number(soa.data.split(/\s+/)[2])),
    ...["resolve", "connect", "request"].flatMap((phase) =>
      secondsSeries("probe_dns_duration_seconds", phase === "request" ? answer.duration_ms : 0, { phase }),
    ),
  ];
}
