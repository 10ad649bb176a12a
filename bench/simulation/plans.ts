import type { Limit } from "../../runner/limits/limits.js";
import type { Costs } from "./costs.js";
import type { Course, Scenario, SiteGroup } from "./scenario.js";

/** A question of docs/scale.md: what has to be done, and until when. */
export interface Plan {
  readonly scenario: Scenario;
  readonly limits: string;
  /** The plan is a slice of this size: a tenth of the jobs in a tenth of the time. */
  readonly slice: number;
  /** All jobs have to be done by then. Null: none may start late. */
  readonly deadlineMs: number | null;
}

/** How late 99 of 100 checks may start that are due at a certain moment. */
export const MOST_LATE_MS = 1000;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The limits that docs/queues.md recommends for sessions, and those that mail.rcpt has without --limit, for each key. */
const SESSIONS: Limit = { atOnce: 2, rate: { perSecond: 5, burst: 5 } };
const RCPT: Limit = { atOnce: 2, rate: { perSecond: 1, burst: 1 } };
const AGREED: Limit = { atOnce: 20, rate: { perSecond: 10, burst: 10 } };

/** Assumptions about the world; docs/scale.md names them. A round trip between continents and one within a city are far apart. */
const SMALL = { roundTripMs: 40, spread: 0.7, thinkMs: 0, lateMs: 0 } as const;
const LARGE = { roundTripMs: 20, spread: 0.5, thinkMs: 0, lateMs: 0, silentShare: 0, greylistShare: 0 } as const;

/** Connect, greeting, EHLO, NOOP, QUIT. */
const SMTP_ROUND_TRIPS = 5;
/** Connect, greeting, EHLO, STARTTLS, the handshake, EHLO, MAIL, RCPT, QUIT. */
const RCPT_ROUND_TRIPS = 9;
/** MX, then A and AAAA at once, most often at a name server that has to ask another one first. */
const MX_ROUND_TRIPS = 3;

export function plansOf(costs: Costs): Plan[] {
  return [
    checks(costs),
    mailboxes(costs, RCPT, "key=2,1/s"),
    mailboxes(costs, AGREED, "key=2,1/s, large sites 20,10/s"),
    domains(costs),
    sessions(costs),
    sites(costs),
  ];
}

function checks(costs: Costs): Plan {
  const groups = [groupOf("hosts", 10_000, 100_000, { ...SMALL, silentShare: 0.01, greylistShare: 0 }, SESSIONS)];
  const scenario = scenarioOf("10,000 checks a minute: network.smtp", courseOf(costs.smtpMs, costs, SMTP_ROUND_TRIPS), groups);
  return { scenario: { ...scenario, arriveOverMs: 10 * MINUTE }, limits: "key=2,5/s", slice: 1, deadlineMs: null };
}

/** Most mailboxes of people are at a few sites. */
function mailboxes(costs: Costs, ofLarge: Limit, limits: string): Plan {
  const small = { ...SMALL, silentShare: 0.02, greylistShare: 0.2 };
  const groups = [
    groupOf("largest site", 1, 350_000, LARGE, ofLarge),
    groupOf("second site", 1, 200_000, LARGE, ofLarge),
    groupOf("next three", 3, 150_000, LARGE, ofLarge),
    groupOf("small sites", 30_000, 300_000, small, RCPT),
  ];
  const scenario = scenarioOf("a million mailboxes a day: mail.rcpt", courseOf(costs.rcptMs, costs, RCPT_ROUND_TRIPS), groups);
  return { scenario, limits, slice: 1, deadlineMs: DAY };
}

/** Questions to name servers only. */
function domains(costs: Costs): Plan {
  const groups = [groupOf("domains", 1000, 1_000_000, { ...SMALL, silentShare: 0, greylistShare: 0 }, null)];
  return weekly("ten million domains a week: mail.mx", courseOf(costs.mxMs, costs, MX_ROUND_TRIPS), groups, "none");
}

function sessions(costs: Costs): Plan {
  const groups = [
    groupOf("largest site", 1, 200_000, LARGE, SESSIONS),
    groupOf("second site", 1, 150_000, LARGE, SESSIONS),
    groupOf("next fifty", 50, 250_000, LARGE, SESSIONS),
    groupOf("small sites", 130_000, 400_000, { ...SMALL, silentShare: 0.03, greylistShare: 0 }, SESSIONS),
  ];
  return weekly("… and a session for each: network.smtp", courseOf(costs.smtpMs, costs, SMTP_ROUND_TRIPS), groups, "key=2,5/s");
}

/** One session answers for all domains of a site. */
function sites(costs: Costs): Plan {
  const groups = [
    groupOf("large", 52, 52, LARGE, SESSIONS),
    groupOf("small sites", 130_000, 130_000, { ...SMALL, silentShare: 0.03, greylistShare: 0 }, SESSIONS),
  ];
  return weekly("… or a session for each site: network.smtp", courseOf(costs.smtpMs, costs, SMTP_ROUND_TRIPS), groups, "key=2,5/s");
}

function weekly(name: string, course: Course, groups: readonly SiteGroup[], limits: string): Plan {
  return { scenario: scenarioOf(name, course, groups), limits, slice: 10, deadlineMs: (7 * DAY) / 10 };
}

function courseOf(cpuMs: number, { queueMs, transactionMs, transactionHoldMs, startMs }: Costs, roundTrips: number): Course {
  return { cpuMs: cpuMs + queueMs, transactionCpuMs: transactionMs, transactionHoldMs, startCpuMs: startMs, roundTrips };
}

type Behaviour = Pick<SiteGroup, "roundTripMs" | "spread" | "thinkMs" | "lateMs" | "silentShare" | "greylistShare">;

function groupOf(name: string, sites: number, jobs: number, behaviour: Behaviour, limit: Limit | null): SiteGroup {
  return { name, sites, jobs, ...behaviour, limit };
}

function scenarioOf(name: string, course: Course, groups: readonly SiteGroup[]): Scenario {
  return { name, course, groups, arriveOverMs: 0, timeoutMs: 10 * SECOND, deferMs: [5 * MINUTE, 30 * MINUTE], claimMs: 3, shortCpuShare: 0.7, seed: 1 };
}
