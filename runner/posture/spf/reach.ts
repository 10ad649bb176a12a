import type { SpfNode } from "../../mail/spf/survey.js";

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

/** How many IPv4 addresses the networks of a tree allow; overlapping ones count once. Hosts of a and mx are not resolved for this. */
export function ipv4Reach(nodes: readonly SpfNode[]): number {
  const ranges = nodes
    .flatMap(({ directives }) => directives)
    .flatMap(({ result, mechanism }) => (mechanism.name === "ip4" && result === "pass" ? [rangeOf(mechanism.network.words[0] as number, mechanism.bits)] : []))
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

function rangeOf(word: number, bits: number): [first: number, last: number] {
  const address = word >>> 0;
  const size = 2 ** (32 - bits);
  const first = Math.floor(address / size) * size;
  return [first, first + size - 1];
}
