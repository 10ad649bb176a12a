import { knownDomain } from "../../mail/spf/expand.js";
import { SPF_LIMITS, type SpfAnswer, SpfError, type SpfRecordType, type SpfResolver } from "../../mail/spf/lookups.js";
import type { SpfNode, SpfSurvey } from "../../mail/spf/survey.js";

/** What a term of the mechanism a or mx leads to. */
export interface SpfHosts {
  /** Whose record has the term. */
  readonly domain: string;
  readonly term: string;
  /** The mail hosts of mx, or the name of a. */
  readonly names: readonly string[];
  /** Null where they are not known, or more than a receiver asks for. */
  readonly ipv4: readonly string[] | null;
}

/** Resolves every a and mx whose name does not depend on a message. A record with more look-ups than allowed is not followed. */
export async function hostsOfTerms({ nodes, lookups, isCut }: SpfSurvey, resolver: SpfResolver): Promise<SpfHosts[]> {
  if (isCut || lookups > SPF_LIMITS.terms) return [];
  const found = await Promise.all(nodes.flatMap((node) => node.directives.map((directive) => hostsOfTerm(node, directive, answersOf(resolver)))));
  return found.filter((hosts) => hosts !== null);
}

async function hostsOfTerm({ domain }: SpfNode, { term, mechanism }: SpfNode["directives"][number], ask: Ask): Promise<SpfHosts | null> {
  if (mechanism.name !== "a" && mechanism.name !== "mx") return null;
  const target = mechanism.domain === null ? domain : knownDomain(mechanism.domain, domain);
  if (target === null) return null;
  const names = mechanism.name === "a" ? [target] : await ask(target, "MX");
  if (names === null) return { domain, term, names: [], ipv4: null };
  const answers = names.length > SPF_LIMITS.mailHosts ? [null] : await Promise.all(names.map((name) => ask(name.replace(/\.$/, ""), "A")));
  return { domain, term, names, ipv4: answers.includes(null) ? null : answers.flatMap((answer) => answer ?? []) };
}

type Ask = (name: string, type: SpfRecordType) => Promise<SpfAnswer | null>;

/** Null for no answer. */
function answersOf(resolver: SpfResolver): Ask {
  return async (name, type) => {
    try {
      return await resolver(name, type);
    } catch (error) {
      if (!(error instanceof SpfError)) throw error;
      return null;
    }
  };
}
