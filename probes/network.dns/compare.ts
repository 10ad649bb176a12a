import { dataOf } from "./answer.js";
import type { Answer, Output } from "./schema.js";

/** What the servers said to each question, equal answers together. */
export function agreementOf(answers: readonly Answer[]): Output["agreement"] {
  return groupedBy(answers, ({ type, name }) => `${type} ${name}`).map((group) => {
    if (group.length === 1) return agreementOfOne(group[0] as Answer);
    const heard = group.filter(({ rcode }) => rcode !== null);
    const variants = groupedBy(heard, (answer) => JSON.stringify([answer.rcode, answer.cname_chain, comparable(answer)])).map((same) => ({
      rcode: (same[0] as Answer).rcode as string,
      data: comparable(same[0] as Answer),
      servers: same.map(({ server }) => server),
    }));
    return { name: (group[0] as Answer).name, type: (group[0] as Answer).type, agrees: variants.length <= 1, variants };
  });
}

function agreementOfOne(answer: Answer): Output["agreement"][number] {
  const { name, type, rcode, server } = answer;
  return { name, type, agrees: true, variants: rcode === null ? [] : [{ rcode, data: comparable(answer), servers: [server] }] };
}

/** Servers sign at different times: signatures are no difference, and serials are compared separately. */
function comparable(answer: Answer): string[] {
  if (answer.type === "SOA")
    return dataOf(answer).map((data) =>
      data
        .split(" ")
        .map((part, index) => (index === 2 ? "*" : part))
        .join(" "),
    );
  return answer.type === "RRSIG" ? [] : dataOf(answer);
}

export function serialsOf(answers: readonly Answer[]): Output["serials"] {
  const found = answers.flatMap(({ server, records, authority }) =>
    [...records, ...authority].filter(({ type }) => type === "SOA").map(({ name, data }) => ({ zone: name, server, serial: Number(data.split(" ")[2]) })),
  );
  return groupedBy(found, ({ zone }) => zone).map((group) => {
    const servers = [...new Map(group.map(({ server, serial }) => [server, { server, serial }])).values()];
    return { zone: group[0]?.zone as string, servers, spread: spreadOf(servers.map(({ serial }) => serial)) };
  });
}

/** RFC 1982: serial numbers go round, so that a small one may be newer than a large one. */
function spreadOf(serials: readonly number[]): number {
  const ahead = (one: number, other: number): number => (one - other) >>> 0;
  const distances = serials.flatMap((one) => serials.map((other) => Math.min(ahead(one, other), ahead(other, one))));
  return Math.min(0x7fff_ffff, Math.max(0, ...distances));
}

/** Who, without recursion, does not serve what it was asked for. */
export function lameServersOf(answers: readonly Answer[], recursion: boolean): Output["lame_servers"] {
  if (recursion) return [];
  return answers.flatMap((answer) => {
    const reason = lameness(answer);
    return reason === null ? [] : [{ server: answer.server, name: answer.name, reason }];
  });
}

function lameness({ rcode, flags, authority, records }: Answer): string | null {
  if (flags === null || flags.aa) return null;
  if (rcode === "REFUSED" || rcode === "SERVFAIL" || rcode === "NOTAUTH") return `it answers ${rcode}`;
  const referral = authority.find(({ type }) => type === "NS");
  if (referral !== undefined && records.length === 0) return `it refers to the name servers of ${referral.name}`;
  return "its answer is not authoritative";
}

function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
