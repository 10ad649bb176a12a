import { addressesOf } from "../net/dns/host-addresses.js";
import { resolverOnDemand } from "../net/dns/resolver-on-demand.js";
import { addressUse } from "../net/transport/address-policy.js";
import { startTimeout } from "../run/timeout.js";
import { openOrWarn } from "../sqlite/open-or-warn.js";
import type { PolicySourceOptions, PolicySources } from "./policy.js";
import { StsCache } from "./sts/cache.js";
import { type Fetched, fetchPolicyFile } from "./sts/fetch.js";
import { FETCH_TIMEOUT_MS, MAX_ADDRESSES } from "./sts/limits.js";
import { StsPolicies } from "./sts/policies.js";
import type { StsPolicy } from "./sts/policy.js";
import { readStsPolicy } from "./sts/read-policy.js";
import type { PolicyViolation } from "./violation.js";

type Ask = PolicySources["ask"];

/** What all deliveries of a process share. */
export function openPolicySources(options: PolicySourceOptions, now: () => number = Date.now): PolicySources {
  const asking = options.servers === undefined ? { dnssec: true } : { servers: options.servers, dnssec: true };
  const ask: Ask = async (name, type, ending) => (await resolverOnDemand()).query(name, type, ending === undefined ? asking : { ...asking, ending });
  const cache = openCache(options.file, now);
  const policies = new StsPolicies({
    cache,
    now,
    txt: (name, ending) => ask(name, "TXT", ending),
    fetch: (domain, signal) => fetchPolicy(ask, domain, options, signal),
  });
  return {
    validates: options.validates,
    ask,
    findSts: (domain, ending) => policies.find(domain, ending),
    configured: options.configured ?? (() => null),
    close: () => cache.close(),
  };
}

function openCache(file: string | null, now: () => number): StsCache {
  const inMemory = (): StsCache => new StsCache(null, now);
  return file === null ? inMemory() : openOrWarn(file, "PROBE_RUN_TLS_POLICIES", () => new StsCache(file, now), inMemory);
}

/** From the addresses of the policy host, in turn, until one of them answers. */
async function fetchPolicy(ask: Ask, domain: string, options: PolicySourceOptions, stopped: AbortSignal): Promise<StsPolicy | PolicyViolation> {
  const host = { name: `mta-sts.${domain}`, port: options.policyPort ?? 443, ca: options.ca };
  const timeoutMs = options.policyTimeoutMs ?? FETCH_TIMEOUT_MS;
  const late = new AbortController();
  const stopWaiting = startTimeout(timeoutMs, () => late.abort());
  const signal = AbortSignal.any([stopped, late.signal]);
  try {
    const addresses = await policyAddresses(ask, host.name, options);
    if (!Array.isArray(addresses)) return addresses;
    const fetched = await fetchFromOneOf(addresses, (address) => fetchPolicyFile(host, address, timeoutMs, signal), signal);
    if (late.signal.aborted) return { type: "sts-policy-fetch-error", message: `${host.name} returned no policy within ${timeoutMs / 1000} seconds` };
    return fetched.kind === "text" ? policyOrViolation(fetched.text) : fetched.violation;
  } finally {
    stopWaiting();
  }
}

async function fetchFromOneOf(
  [first, ...others]: readonly [string, ...string[]],
  fetch: (address: string) => Promise<Fetched>,
  signal: AbortSignal,
): Promise<Fetched> {
  let fetched = await fetch(first);
  for (const address of others.slice(0, MAX_ADDRESSES - 1)) {
    if (fetched.kind !== "unreachable" || signal.aborted) return fetched;
    fetched = await fetch(address);
  }
  return fetched;
}

/** The owner of a domain chooses where its policy host points: it must not be this machine, or its neighbours. */
async function policyAddresses(ask: Ask, name: string, options: PolicySourceOptions): Promise<[string, ...string[]] | PolicyViolation> {
  const found = (await addressesOf(ask, name, "any")).addresses.map(({ address }) => address);
  const [first, ...others] = found.filter((address) => mayBeFetchedFrom(address, options));
  if (first !== undefined) return [first, ...others];
  const why = found.length > 0 ? "no address that may be dialled" : "no address";
  return { type: "sts-policy-fetch-error", message: `the policy host ${name} has ${why}` };
}

function mayBeFetchedFrom(address: string, { allowPrivate = false, mayConnect }: PolicySourceOptions): boolean {
  return (allowPrivate || addressUse(address).scope === "global") && mayConnect?.(address) !== false;
}

function policyOrViolation(text: string): StsPolicy | PolicyViolation {
  const policy = readStsPolicy(text);
  return "problem" in policy ? { type: "sts-policy-invalid", message: policy.problem } : policy;
}
