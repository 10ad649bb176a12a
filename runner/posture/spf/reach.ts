import { parseIp } from "../../mail/spf/ip-address.js";
import type { Mechanism } from "../../mail/spf/record.js";
import type { SpfNode } from "../../mail/spf/survey.js";
import type { SpfHosts } from "./hosts.js";

/** The records whose pass is a pass of the whole: not those behind -include, ~include and ?include. */
export function passing(nodes: readonly SpfNode[]): SpfNode[] {
  const isPassing: boolean[] = [];
  return nodes.filter(({ depth, term }) => {
    isPassing[depth] = (depth === 0 || isPassing[depth - 1] === true) && !/^[-~?]/.test(term ?? "");
    return isPassing[depth];
  });
}

/** The domain's own record, and those that redirect= puts in its place: each result of theirs is the result of the whole. */
export function redirected(nodes: readonly SpfNode[]): SpfNode[] {
  const chain: SpfNode[] = [];
  for (const node of nodes) if (node.depth === chain.length && (node.depth === 0 || node.term === "redirect")) chain.push(node);
  return chain;
}

/** How many IPv4 addresses a tree of records allows; those that several terms allow count once. */
export function ipv4Reach(nodes: readonly SpfNode[], hosts: readonly SpfHosts[]): number {
  const ranges = nodes
    .flatMap((node) => node.directives.map((directive) => ({ node, ...directive })))
    .filter(({ result }) => result === "pass")
    .flatMap(({ node, term, mechanism }) => {
      if (mechanism.name === "all") return [rangeOf(0, 0)];
      if (mechanism.name === "ip4") return [rangeOf(mechanism.network.words[0] as number, mechanism.bits)];
      if (mechanism.name !== "a" && mechanism.name !== "mx") return [];
      return (hostsOf(node, term, hosts)?.ipv4 ?? []).flatMap((address) => {
        const parsed = parseIp(address);
        return parsed === null ? [] : [rangeOf(parsed.words[0] as number, mechanism.bits4)];
      });
    })
    .sort(([one], [other]) => one - other);
  let counted = 0;
  let end = -1;
  for (const [first, last] of ranges) {
    if (last <= end) continue;
    counted += last - Math.max(first, end + 1) + 1;
    end = last;
  }
  return counted;
}

/** The terms whose addresses are not known: they depend on the message or the client, or got no answer. */
export function uncountedTerms(nodes: readonly SpfNode[], hosts: readonly SpfHosts[]): string[] {
  return nodes.flatMap((node) =>
    node.directives.filter(({ result, term, mechanism }) => result === "pass" && isUncounted(node, term, mechanism, hosts)).map(({ term }) => term),
  );
}

function isUncounted(node: SpfNode, term: string, { name }: Mechanism, hosts: readonly SpfHosts[]): boolean {
  if (name === "a" || name === "mx") return (hostsOf(node, term, hosts)?.ipv4 ?? null) === null;
  return name === "exists" || name === "ptr" || (name === "include" && node.unknown_terms.includes(term));
}

function hostsOf({ domain }: SpfNode, term: string, hosts: readonly SpfHosts[]): SpfHosts | undefined {
  return hosts.find((each) => each.domain === domain && each.term === term);
}

function rangeOf(word: number, bits: number): [first: number, last: number] {
  const address = word >>> 0;
  const size = 2 ** (32 - bits);
  const first = Math.floor(address / size) * size;
  return [first, first + size - 1];
}
