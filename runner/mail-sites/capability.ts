import type { Limits } from "../limits/limits.js";
import type { RunState } from "../run/run-state.js";
import { openOrWarn } from "../sqlite/open-or-warn.js";
import { behaviourFile, IN_MEMORY } from "../sqlite/store-path.js";
import { type JobSessions, jobSessions } from "./job-sessions.js";
import { siteLimits } from "./limits.js";
import { OutboundTest, parseReferences } from "./outbound-port-check.js";
import { refusalToProbe } from "./probing-allowed.js";
import type { SiteSummary } from "./profile.js";
import { SharedRate } from "./shared-rate.js";
import { SharedSlots } from "./shared-slots.js";
import { BehaviourStore, type KnownCatchAll, type Observation } from "./store.js";
import { Summaries } from "./summaries.js";

/** What a mailbox probe knows about mail sites, and its checks before it connects to one. */
export interface SitesGrant {
  /** Why this machine may not probe mailboxes; null if it may. */
  readonly refusal: string | null;
  /** The site's past behaviour. */
  summary(site: string): SiteSummary;
  observe(site: string, observations: readonly Observation[]): void;
  catchAll(key: string): KnownCatchAll | null;
  keepCatchAll(key: string, known: Omit<KnownCatchAll, "at">, lifeMs: number): void;
  /** A connection to this port succeeded. */
  sawOpen(port: number): void;
  /** Sessions kept open between jobs. Null outside of a queue: there is no next job. */
  readonly sessions: JobSessions | null;
  /** False if this network blocks the port. It connects to well-known hosts, so it must only be called after every connection has failed. */
  isOutboundOpen(port: number): Promise<boolean>;
}

export function sitesGrant(state: RunState): SitesGrant {
  return new RunSites(state, processSites());
}

class RunSites implements SitesGrant {
  readonly refusal = refusalToProbe(process.env);
  readonly sessions: JobSessions | null;

  constructor(
    state: RunState,
    readonly shared: Sites,
  ) {
    this.sessions = state.memory === null ? null : jobSessions(state, siteLimits(process.env));
  }

  summary(site: string): SiteSummary {
    return this.shared.summaries.of(site);
  }

  observe(site: string, observations: readonly Observation[]): void {
    this.shared.store.add(site, observations);
  }

  catchAll(key: string): KnownCatchAll | null {
    return this.shared.store.catchAll(key);
  }

  keepCatchAll(key: string, known: Omit<KnownCatchAll, "at">, lifeMs: number): void {
    this.shared.store.keepCatchAll(key, known, lifeMs);
  }

  sawOpen(port: number): void {
    const { outbound } = this.shared;
    if (outbound.isAbout(port)) outbound.sawOpen();
  }

  async isOutboundOpen(port: number): Promise<boolean> {
    const { outbound } = this.shared;
    return !outbound.isAbout(port) || (await outbound.isOpen());
  }
}

/** The rate limit of all processes that share this one's behaviour store. */
export function sharedRate(limits: Limits): SharedRate {
  return new SharedRate(processSites().store, limits);
}

/** The concurrency limit of all processes that share this one's behaviour store. */
export function sharedSlots(limits: Limits): SharedSlots {
  return new SharedSlots(processSites().store, limits);
}

interface Sites {
  readonly store: BehaviourStore;
  readonly summaries: Summaries;
  readonly outbound: OutboundTest;
}

let sites: Sites | null = null;

/** Shared by all runs of this process. */
function processSites(): Sites {
  sites ??= openSites();
  return sites;
}

function openSites(): Sites {
  const path = behaviourFile(process.env);
  const store = openOrWarn(
    path,
    "PROBE_RUN_BEHAVIOUR",
    () => new BehaviourStore(path),
    () => new BehaviourStore(IN_MEMORY),
  );
  // The last quarter of a second is in memory only.
  process.once("exit", () => store.flush());
  return { store, summaries: new Summaries(store), outbound: new OutboundTest(parseReferences(process.env.SMTP_SELF_TEST_HOSTS) ?? undefined) };
}
