import type { Answer } from "../../net/dns/answer.js";
import { dnsName } from "../../net/dns/name.js";
import { type Ending, SingleFlight } from "../../net/dns/single-flight.js";
import type { PolicyViolation } from "../violation.js";
import type { CachedPolicy, StsCache } from "./cache.js";
import { FAILED_FETCH_MS, MAX_POLICIES, RENEW_BEFORE_MS } from "./limits.js";
import type { StsFinding, StsPolicy } from "./policy.js";
import { readStsRecords } from "./record.js";

export interface StsSources {
  readonly cache: StsCache;
  readonly now: () => number;
  /** Asks for the TXT records of a name. */
  txt(name: string, ending: Ending | undefined): Promise<Answer<"TXT">>;
  /** Fetches a domain's policy now. */
  fetch(domain: string, signal: AbortSignal): Promise<StsPolicy | PolicyViolation>;
}

interface FailedFetch {
  readonly id: string;
  readonly at: number;
  readonly violation: PolicyViolation;
}

/** Finds the MTA-STS policies of domains, and fetches one when its domain announces another, or when it is about to expire. */
export class StsPolicies {
  readonly #sources: StsSources;
  readonly #fetching = new Map<string, SingleFlight<StsPolicy | PolicyViolation>>();
  readonly #failed = new Map<string, FailedFetch>();

  constructor(sources: StsSources) {
    this.#sources = sources;
  }

  async find(domain: string, ending?: Ending): Promise<StsFinding> {
    const { cache, txt } = this.#sources;
    // No room for the label in front: such a domain has no policy.
    if (dnsName(`_mta-sts.${domain}`) === null) return { policy: null, problem: null };
    const answer = await txt(`_mta-sts.${domain}`, ending);
    const announced = readStsRecords(answer.records);
    if (announced.kind === "announced") return this.#announced(domain, announced.id, ending);
    // A record that went away, or cannot be had, ends no policy: only its own age does.
    const problem: PolicyViolation | null = announced.kind === "invalid" ? { type: "sts-policy-invalid", message: announced.message } : null;
    return { policy: cache.get(domain, null)?.policy ?? null, problem };
  }

  async #announced(domain: string, id: string, ending: Ending | undefined): Promise<StsFinding> {
    const { cache, now } = this.#sources;
    const known = cache.get(domain, id);
    const isSame = known !== null && known.id === id;
    if (isSame && !isDue(known, now())) return { policy: known.policy, problem: null };
    const failed = this.#failed.get(domain);
    if (failed !== undefined && failed.id === id && now() - failed.at < FAILED_FETCH_MS) return { policy: known?.policy ?? null, problem: failed.violation };
    const fetching = this.#fetch(domain, id, ending);
    if (isSame) {
      // A policy that is still valid is renewed in the background.
      fetching.catch(() => {});
      return { policy: known.policy, problem: null };
    }
    const fetched = await fetching;
    return "type" in fetched ? { policy: known?.policy ?? null, problem: fetched } : { policy: fetched, problem: null };
  }

  /** Once for all that wait for the same policy. */
  #fetch(domain: string, id: string, ending: Ending | undefined): Promise<StsPolicy | PolicyViolation> {
    const key = `${domain} ${id}`;
    const land = (): boolean => this.#fetching.delete(key);
    let flight = this.#fetching.get(key);
    if (flight === undefined) {
      flight = new SingleFlight((done) =>
        this.#begin(domain, id, (fetched) => {
          land();
          done(fetched);
        }),
      );
      this.#fetching.set(key, flight);
    }
    return flight.join(ending ?? null, land);
  }

  #begin(domain: string, id: string, done: (fetched: StsPolicy | PolicyViolation) => void): () => void {
    const stop = new AbortController();
    this.#sources.fetch(domain, stop.signal).then((fetched) => {
      if (stop.signal.aborted) return;
      this.#remember(domain, id, fetched);
      done(fetched);
    });
    return () => {
      stop.abort();
      // A policy host that exceeds the timeout of each delivery must not delay the next one as well.
      this.#remember(domain, id, { type: "sts-policy-fetch-error", message: `the fetch of the policy of ${domain} was cancelled` });
    };
  }

  #remember(domain: string, id: string, fetched: StsPolicy | PolicyViolation): void {
    const now = this.#sources.now();
    if ("type" in fetched) {
      if (this.#failed.size >= MAX_POLICIES) this.#failed.clear();
      this.#failed.set(domain, { id, at: now, violation: fetched });
      return;
    }
    this.#failed.delete(domain);
    this.#sources.cache.set(domain, { id, policy: fetched, fetchedAt: now, expiresAt: now + fetched.maxAgeS * 1000 });
  }
}

/** A policy in use is renewed in time, so that there is no gap. */
function isDue({ fetchedAt, expiresAt }: CachedPolicy, now: number): boolean {
  return expiresAt - now < Math.min(RENEW_BEFORE_MS, (expiresAt - fetchedAt) / 2);
}
