import type { Evidence } from "../../runner/harness/define-probe.js";
import type { DomainFacts } from "../../runner/posture/examine-domain.js";
import type { Output } from "./schema.js";

type Shown = Pick<Output, "domain" | "profile" | "mail_hosts" | "spf" | "dmarc" | "dkim">;

/** The facts that the card and the page draw. */
export function shownFacts(facts: DomainFacts): Shown {
  const { domain, profile, spf, dmarc, dkim } = facts;
  return {
    domain,
    profile,
    mail_hosts: facts.route.hosts.map((host) => shownHost(host, facts)),
    spf: {
      record: spf.nodes[0]?.record ?? null,
      lookups: spf.lookups,
      tree: spf.nodes.map(({ domain: at, depth, term, record, state, lookups }) => ({ domain: at, depth, term, record, state, lookups })),
    },
    dmarc: {
      policy_domain: dmarc.policy_domain,
      organizational_domain: dmarc.organizational_domain,
      record: dmarc.record?.text ?? null,
      effective_policy: dmarc.effective_policy,
      walk: dmarc.walk.map(({ domain: at, record }) => ({ domain: at, record: record?.text ?? null })),
    },
    dkim: dkim.keys.map(({ selector, state, key_type, key_bits }) => ({ selector, state, key_type, key_bits })),
  };
}

function shownHost({ host, preference, addresses }: DomainFacts["route"]["hosts"][number], { hosts, sts, dane }: DomainFacts): Output["mail_hosts"][number] {
  const met = hosts?.find((each) => each.host === host) ?? null;
  const all = addresses.map(({ ip_address: address }) => address);
  return {
    host,
    preference,
    ipv4: all.filter((address) => !address.includes(":")),
    ipv6: all.filter((address) => address.includes(":")),
    starttls: met?.starttls ?? null,
    tls_version: met?.tls?.version ?? null,
    is_trusted: met?.tls?.authorised ?? null,
    certificate_expires: met?.tls?.certificate?.not_after ?? null,
    mta_sts: sts.hosts.find((each) => each.host === host)?.is_allowed ?? null,
    dane: dane.find((each) => each.host === host)?.state ?? null,
  };
}

export function nothingYet(domain: string): Evidence<Output> {
  return {
    status: "ok",
    failure: null,
    domain,
    profile: "both",
    questions: 0,
    answers: [],
    checks: [],
    changes: [],
    mail_hosts: [],
    spf: { record: null, lookups: 0, tree: [] },
    dmarc: { policy_domain: null, organizational_domain: null, record: null, effective_policy: null, walk: [] },
    dkim: [],
    findings: [],
  };
}
