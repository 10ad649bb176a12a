import { knownDomain } from "./expand.js";
import { SpfError, type SpfResolver } from "./lookups.js";
import { type Directive, isSpfRecord, type Mechanism, parseSpfRecord } from "./record.js";

/** What was found at a name: none = no SPF record, several = more than one, loop = the records include each other. */
export const SPF_NODE_STATES = ["read", "none", "several", "syntax_error", "loop", "unanswered"] as const;
export type SpfNodeState = (typeof SPF_NODE_STATES)[number];

/** One record of the tree that a domain's SPF spans. */
export interface SpfNode {
  readonly domain: string;
  /** 0 for the domain itself. */
  readonly depth: number;
  /** The term of the record above that leads here; null for the domain itself. */
  readonly term: string | null;
  readonly record: string | null;
  readonly state: SpfNodeState;
  /** Why the record cannot be used; null when it can. */
  readonly problem: string | null;
  /** Terms of this record that cause look-ups. */
  readonly lookups: number;
  /** Terms whose target only a message decides (macros). */
  readonly unknown_terms: readonly string[];
  /** Terms that never count beside `all`: those after it, and a redirect. */
  readonly unreachable_terms: readonly string[];
  readonly directives: readonly { readonly term: string; readonly result: string; readonly mechanism: Mechanism }[];
}

export interface SpfSurvey {
  /** In the order of evaluation. */
  readonly nodes: readonly SpfNode[];
  /** Look-ups of the whole tree: what an address costs that no term matches. */
  readonly lookups: number;
  /** The tree has more records than are read. */
  readonly isCut: boolean;
}

/** More names than this are not asked for: eleven are too many for any verifier. */
const MAX_NODES = 50;

const COSTS: ReadonlySet<Mechanism["name"]> = new Set(["include", "a", "mx", "ptr", "exists"]);

/** Reads every record that a domain's SPF leads to, whatever address is asked about. */
export async function surveySpf(domain: string, resolver: SpfResolver): Promise<SpfSurvey> {
  const nodes: SpfNode[] = [];
  const isCut = await visit(domain, 0, null, resolver, nodes, []);
  return { nodes, lookups: nodes.reduce((sum, { lookups }) => sum + lookups, 0), isCut };
}

/** True when there was more than is read. */
async function visit(domain: string, depth: number, term: string | null, resolver: SpfResolver, nodes: SpfNode[], above: readonly string[]): Promise<boolean> {
  if (nodes.length >= MAX_NODES) return true;
  const read = await recordAt(domain, resolver);
  const about = { domain, depth, term };
  if ("problem" in read || above.includes(domain)) {
    const broken = "problem" in read ? read : { state: "loop" as const, problem: "the records include each other" };
    nodes.push({
      ...about,
      record: read.record,
      state: broken.state,
      problem: broken.problem,
      lookups: 0,
      unknown_terms: [],
      unreachable_terms: [],
      directives: [],
    });
    return false;
  }
  const { redirect } = read.parsed;
  const directives = reachable(read.parsed.directives);
  const redirects = redirect !== null && !directives.some(({ mechanism }) => mechanism.name === "all") ? redirect : null;
  const lookups = directives.filter(({ mechanism }) => COSTS.has(mechanism.name)).length + (redirects === null ? 0 : 1);
  const children = [
    ...directives.flatMap(({ term: each, mechanism }) => (mechanism.name === "include" ? [{ each, parts: mechanism.domain }] : [])),
    ...(redirects === null ? [] : [{ each: "redirect", parts: redirects }]),
  ];
  const ignored = redirect === null || redirects !== null ? [] : (/(?<= )redirect=[^ ]*/i.exec(read.record) ?? []);
  const beyond = [...read.parsed.directives.slice(directives.length).map(({ term: each }) => each), ...ignored];
  const unknown = children.filter(({ parts }) => knownDomain(parts, domain) === null).map(({ each }) => each);
  nodes.push({ ...about, record: read.record, state: "read", problem: null, lookups, unknown_terms: unknown, unreachable_terms: beyond, directives });
  let isCut = false;
  for (const { each, parts } of children) {
    const target = knownDomain(parts, domain);
    if (target !== null) isCut = (await visit(target.toLowerCase(), depth + 1, each, resolver, nodes, [...above, domain])) || isCut;
  }
  return isCut;
}

/** Nothing after `all` is evaluated (RFC 7208, 5.1). */
function reachable(directives: readonly Directive[]): readonly Directive[] {
  const all = directives.findIndex(({ mechanism }) => mechanism.name === "all");
  return all === -1 ? directives : directives.slice(0, all + 1);
}

type Read =
  | { readonly record: string; readonly parsed: Exclude<ReturnType<typeof parseSpfRecord>, { problem: string }> }
  | { readonly record: string | null; readonly state: Exclude<SpfNodeState, "read">; readonly problem: string };

async function recordAt(domain: string, resolver: SpfResolver): Promise<Read> {
  try {
    const records = (await resolver(domain, "TXT")).filter(isSpfRecord);
    const [record] = records;
    if (record === undefined) return { record: null, state: "none", problem: "there is no SPF record" };
    if (records.length > 1) return { record, state: "several", problem: `there are ${records.length} SPF records` };
    const parsed = parseSpfRecord(record);
    if (!("problem" in parsed)) return { record, parsed };
    return { record, state: "syntax_error", problem: `${JSON.stringify(parsed.term)} at column ${parsed.column}: ${parsed.problem}` };
  } catch (error) {
    if (!(error instanceof SpfError)) throw error;
    return { record: null, state: "unanswered", problem: error.message };
  }
}
