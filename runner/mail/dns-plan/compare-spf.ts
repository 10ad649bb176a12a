import { checkHost, type SpfVerdict } from "../spf/check-host.js";
import { SpfError, type SpfResolver } from "../spf/lookups.js";
import { isSpfRecord, parseSpfRecord, type SpfRecord } from "../spf/record.js";
import type { Compared } from "./compare.js";

/** What an SPF record is to achieve. */
export interface SpfGoal {
  /** Whose record it is. */
  readonly domain: string;
  /** Said in EHLO. */
  readonly helo: string;
  /** Empty for a check of the EHLO name. */
  readonly sender: string;
  /** Must pass. If none are planned, those of the mail host. */
  readonly addresses: readonly string[];
  /** Must be included, at any depth. */
  readonly includes: readonly string[];
}

/** Compares by evaluation: a range, mx, a, include or redirect may authorise an address as well as ip4 and ip6 do. */
export async function compareSpf(goal: SpfGoal, ask: SpfResolver): Promise<Compared> {
  const resolver = onceEach(ask);
  try {
    const found = (await resolver(goal.domain, "TXT")).filter(isSpfRecord);
    if (found.length === 0) return { status: "missing", found, detail: null };
    return { ...(await judged(goal, resolver)), found };
  } catch (error) {
    if (!(error instanceof SpfError)) throw error;
    return { status: "unknown", found: [], detail: error.message };
  }
}

type Judged = Pick<Compared, "status" | "detail">;

async function judged(goal: SpfGoal, resolver: SpfResolver): Promise<Judged> {
  const { domain, helo, sender } = goal;
  const addresses = goal.addresses.length > 0 ? goal.addresses : [...(await resolver(helo, "A")), ...(await resolver(helo, "AAAA"))];
  if (addresses.length === 0) return { status: "unknown", detail: `${helo} has no address that could be checked; name those that send with --address` };
  for (const ip of addresses) {
    const verdict = await checkHost({ ip, helo, sender }, resolver);
    if (verdict.result === "temperror") return { status: "unknown", detail: verdict.problem };
    if (verdict.result !== "pass") return { status: "differs", detail: failing(ip, verdict) };
  }
  for (const name of goal.includes) {
    if (!(await isIncluded(domain, name, resolver))) return { status: "differs", detail: `it does not include ${name}` };
  }
  return judgedForOthers(goal, resolver);
}

function failing(ip: string, { result, matched, problem }: SpfVerdict): string {
  if (problem !== null) return `SPF gives ${result}: ${problem}`;
  return `SPF gives ${result} for ${ip}${matched === null ? "" : ` by ${matched.term}`}`;
}

/** From blocks that are reserved and never sent from (RFC 1112, section 4; RFC 6666). */
const STRANGERS = ["240.0.0.1", "100::1"];

async function judgedForOthers({ helo, sender }: SpfGoal, resolver: SpfResolver): Promise<Judged> {
  let detail: string | null = null;
  for (const ip of STRANGERS) {
    const { result, problem } = await checkHost({ ip, helo, sender }, resolver);
    if (result === "pass") return { status: "differs", detail: "it allows everybody to send" };
    if (result === "permerror") detail ??= `SPF gives permerror for other addresses: ${problem}`;
  }
  return { status: "ok", detail };
}

/** Records that may be read in search of an include. */
const MAX_RECORDS = 50;

async function isIncluded(domain: string, wanted: string, resolver: SpfResolver): Promise<boolean> {
  const names = [domain];
  for (let at = 0; at < Math.min(names.length, MAX_RECORDS); at++) {
    const record = await recordOf(names[at] as string, resolver);
    const targets = record === null ? [] : targetsOf(record);
    if (targets.includes(wanted.toLowerCase())) return true;
    names.push(...targets.filter((target) => !names.includes(target)));
  }
  return false;
}

async function recordOf(name: string, resolver: SpfResolver): Promise<SpfRecord | null> {
  const text = (await resolver(name, "TXT")).find(isSpfRecord);
  const record = text === undefined ? null : parseSpfRecord(text);
  return record === null || "problem" in record ? null : record;
}

/** Those without macros: what depends on a message is no fixed name. */
function targetsOf({ directives, redirect }: SpfRecord): string[] {
  const included = directives.flatMap(({ mechanism }) => (mechanism.name === "include" ? [mechanism.domain] : []));
  const specs = redirect === null ? included : [...included, redirect];
  return specs.flatMap((parts) => (parts.every((part) => typeof part === "string") ? [parts.join("").toLowerCase().replace(/\.$/, "")] : []));
}

/** One check may ask for a name several times. */
function onceEach(ask: SpfResolver): SpfResolver {
  const asked = new Map<string, ReturnType<SpfResolver>>();
  return (name, type) => {
    const key = `${type} ${name.toLowerCase()}`;
    const answer = asked.get(key) ?? ask(name, type);
    asked.set(key, answer);
    return answer;
  };
}
