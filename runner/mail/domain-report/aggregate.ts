import type { DomainReport } from "../../../schemas/domain-report.js";
import { failureError } from "../../run/failure-error.js";
import { shown } from "../limits.js";
import { child, type Element, elementsOf, type Root, textIn } from "./elements.js";
import { DOMAIN_REPORT_LIMITS as LIMITS } from "./limits.js";
import { Problems } from "./problems.js";
import { ReportSources } from "./sources.js";

/** RFC 9990, appendix A. Reports of RFC 7489 have no namespace, or one of their own. */
const NAMESPACE = "urn:ietf:params:xml:ns:dmarc-2.0";

/** An aggregate report (RFC 9990, and RFC 7489, appendix C). Elements in another order, and further ones, are accepted. */
export function readAggregateReport(document: Buffer): Omit<DomainReport, "packing"> {
  const problems = new Problems();
  const sources = new ReportSources(problems);
  const found: { root?: Root; metadata?: Element; policy?: Element } = {};
  const onRoot = (root: Root): void => {
    if (root.name !== "feedback") throw failureError("parse", "unsupported", `its root is <${root.name}>, and that of an aggregate report is <feedback>`);
    found.root = root;
  };
  for (const element of elementsOf(document, onRoot)) {
    if (element.name === "record") sources.add(element);
    if (element.name === "report_metadata") found.metadata ??= element;
    if (element.name === "policy_published") found.policy ??= element;
  }
  if (found.metadata === undefined) problems.add("report_metadata is missing");
  if (found.policy === undefined) problems.add("policy_published is missing");
  if (sources.records === 0) problems.add("it has no record");
  const text = (element: Element | undefined, name: string): string | null => shownText(textIn(element, name));
  const { metadata, policy } = found;
  return {
    kind: "dmarc",
    format: found.root?.namespace === NAMESPACE ? "rfc9990" : "rfc7489",
    domain: text(policy, "domain")?.toLowerCase() ?? null,
    receiver: {
      name: text(metadata, "org_name"),
      email: text(metadata, "email"),
      contact: text(metadata, "extra_contact_info"),
      generator: text(metadata, "generator"),
    },
    report_id: text(metadata, "report_id"),
    ...periodOf(child(metadata, "date_range"), problems),
    policy: policy === undefined ? null : policyOf((name) => text(policy, name)),
    messages: sources.messages,
    sources: sources.shown,
    sources_left_out: sources.leftOut,
    tls: null,
    problems: problems.list,
  };
}

function policyOf(text: (name: string) => string | null): NonNullable<DomainReport["policy"]> {
  return {
    p: text("p"),
    sp: text("sp"),
    np: text("np"),
    adkim: text("adkim"),
    aspf: text("aspf"),
    fo: text("fo"),
    pct: text("pct"),
    testing: text("testing"),
    discovery_method: text("discovery_method"),
  };
}

/** Seconds since 1970, in UTC. */
function periodOf(range: Element | undefined, problems: Problems): Pick<DomainReport, "begin" | "end"> {
  const [begin, end] = (["begin", "end"] as const).map((name) => {
    const written = textIn(range, name);
    if (written !== null && /^\d{1,11}$/.test(written)) return Number(written) * 1000;
    problems.add(`date_range has no ${name} in seconds`);
    return null;
  }) as [number | null, number | null];
  if (begin !== null && end !== null && end < begin) problems.add("the period ends before it begins");
  return { begin: isoTime(begin), end: isoTime(end) };
}

function isoTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString().replace(".000Z", "Z");
}

function shownText(text: string | null): string | null {
  return text === null ? null : shown(text, LIMITS.textCharacters);
}
