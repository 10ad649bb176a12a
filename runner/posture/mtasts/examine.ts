import type { Failure } from "../../../schemas/failure.js";
import { failureOfAnswer, isCertain } from "../../net/dns/answer.js";
import type { StsMode, StsPolicy } from "../../tls-policy/sts/policy.js";
import { matchesMx, readStsPolicy } from "../../tls-policy/sts/read-policy.js";
import { readStsRecords } from "../../tls-policy/sts/record.js";
import type { Fetched } from "../fetch.js";
import type { Questions } from "../questions.js";

export const STS_RECORD_STATES = ["valid", "none", "invalid", "unknown"] as const;
export const STS_POLICY_STATES = ["valid", "invalid", "missing", "unknown"] as const;

export interface StsFacts {
  readonly domain: string;
  readonly record: {
    readonly state: (typeof STS_RECORD_STATES)[number];
    readonly id: string | null;
    readonly problem: string | null;
    /** Records that begin as the standard says. */
    readonly texts: readonly string[];
    /** Records that their owner takes for MTA-STS, and senders do not. */
    readonly near_misses: readonly string[];
  };
  /** Null when there is no record that announces one: senders fetch none. */
  readonly policy: {
    readonly state: (typeof STS_POLICY_STATES)[number];
    readonly mode: StsMode | null;
    readonly mx: readonly string[];
    /** As it is published, which may be more than is allowed. */
    readonly max_age_s: number | null;
    readonly problem: string | null;
    /** Why it is not known whether there is a policy; null if it is. */
    readonly failure: Failure | null;
  } | null;
  readonly hosts: readonly { readonly host: string; readonly is_allowed: boolean /** Null: not known. */; readonly is_trusted: boolean | null }[];
}

export interface StsQuestion {
  /** The mail hosts of the domain; null if they are not known. */
  readonly hosts: readonly string[] | null;
  /** Whether the certificate of a host is trusted for its name; null if that is not known. */
  readonly isTrusted?: (host: string) => boolean | null;
  readonly fetchPolicy: (url: URL) => Promise<Fetched>;
  readonly policyPort: number;
}

/** RFC 8461: the record, the policy that it announces, and the mail hosts that the policy allows. */
export async function examineSts(domain: string, question: StsQuestion, questions: Questions): Promise<StsFacts> {
  const { hosts, fetchPolicy, policyPort, isTrusted = () => null } = question;
  const name = `_mta-sts.${domain}`;
  const answer = await questions.ask(name, "TXT");
  const texts = await questions.texts(name);
  const near = texts.filter((text) => !/^v=STSv1[ \t]*;/.test(text) && /v\s?=\s?sts/i.test(text.slice(0, 200)));
  const announced = readStsRecords(answer.records);
  const record = (state: StsFacts["record"]["state"], id: string | null, problem: string | null): StsFacts["record"] => ({
    state,
    id,
    problem,
    texts: texts.filter((text) => /^v=STSv1[ \t]*;/.test(text)),
    near_misses: near,
  });
  const without = { domain, policy: null, hosts: [] };
  if (!isCertain(answer)) return { ...without, record: record("unknown", null, failureOfAnswer(answer, `TXT ${name}`).message) };
  if (announced.kind === "none") return { ...without, record: record("none", null, null) };
  if (announced.kind === "invalid") return { ...without, record: record("invalid", null, announced.message) };
  const port = policyPort === 443 ? "" : `:${policyPort}`;
  const policy = policyFacts(await fetchPolicy(new URL(`https://mta-sts.${domain}${port}/.well-known/mta-sts.txt`)));
  const isMatched = policy.state === "valid" && policy.mode !== "none";
  const allowed = isMatched && hosts !== null ? hosts.map((host) => ({ host, is_allowed: matchesMx(host, policy.mx), is_trusted: isTrusted(host) })) : [];
  return { domain, record: record("valid", announced.id, null), policy, hosts: allowed };
}

type PolicyFacts = NonNullable<StsFacts["policy"]>;

const NO_POLICY: PolicyFacts = { state: "missing", mode: null, mx: [], max_age_s: null, problem: null, failure: null };

function policyFacts(fetched: Fetched): PolicyFacts {
  if (fetched.kind === "failed") return { ...NO_POLICY, ...failedFetch(fetched.failure) };
  const { status, content_type: type, location, body, is_cut: isCut } = fetched;
  if (location !== null && status >= 300 && status < 400) return invalid(`it redirects (${status}), which senders do not follow`);
  if (status !== 200) return { ...NO_POLICY, problem: `the policy host answers with status ${status}` };
  if (isCut) return invalid("it is longer than 64 KiB");
  const text = body.toString("utf8");
  const read = readStsPolicy(text);
  // A mode that can be read says how bad it is that the rest cannot.
  const mode = "problem" in read ? modeIn(text) : read.mode;
  if (!/^text\/plain[ \t]*(?:;|$)/i.test(type)) return { ...invalid(`its media type is ${JSON.stringify(type.slice(0, 100))} and must be text/plain`), mode };
  if ("problem" in read) return { ...invalid(read.problem), mode };
  return { state: "valid", mode: read.mode, mx: read.mx, max_age_s: publishedAge(read), problem: null, failure: null };
}

function failedFetch(failure: Failure): Pick<PolicyFacts, "state" | "problem" | "failure"> {
  const { code, message, phase } = failure;
  if (code === "tls_certificate") return { state: "invalid", problem: message, failure: null };
  const isUnknown = code === "timeout" || code === "dns_failure" || (code === "unreachable" && phase === "connect");
  return isUnknown ? { state: "unknown", problem: message, failure } : { state: "missing", problem: message, failure: null };
}

function invalid(problem: string): PolicyFacts {
  return { ...NO_POLICY, state: "invalid", problem };
}

function modeIn(text: string): StsMode | null {
  const [, mode] = /^mode[ \t]*:[ \t]*(enforce|testing|none)[ \t]*\r?$/m.exec(text.slice(0, 65_536)) ?? [];
  return (mode as StsMode | undefined) ?? null;
}

function publishedAge({ lines, maxAgeS }: StsPolicy): number {
  const line = lines.find((each) => /^max_age[ \t]*:/.test(each));
  return line === undefined ? maxAgeS : Number(line.slice(line.indexOf(":") + 1).trim());
}

function shownPolicy({ failure: _, ...policy }: PolicyFacts) {
  return { ...policy, mx: [...policy.mx] };
}

/** As an output shows it. */
export function shownSts({ domain, record, policy, hosts }: StsFacts) {
  return {
    domain,
    record: { state: record.state, id: record.id, problem: record.problem, near_misses: [...record.near_misses] },
    policy: policy === null ? null : shownPolicy(policy),
    hosts: [...hosts],
  };
}
