import type { WireRecord } from "../../net/dns/records.js";

/** A zone: its name and its records, names in lower case without the last dot. */
export interface Zone {
  readonly origin: string;
  readonly records: readonly WireRecord[];
}

/**
 * Reads the part of a master file (RFC 1035, section 5) that a lab needs: `$ORIGIN`, `$TTL`, comments, `@`, and one record a
 * line. A line that begins with a blank is about the owner of the line before it.
 */
export function parseZone(text: string): Zone {
  const state: State = { origin: "", ttl: 3600, owner: "" };
  const records: WireRecord[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    try {
      const record = readLine(line, state);
      if (record !== null) records.push(record);
    } catch (error) {
      throw new Error(`line ${index + 1} of the zone: ${(error as Error).message}: ${line.trim()}`, { cause: error });
    }
  }
  const soa = records.find(({ type }) => type === "SOA");
  if (soa === undefined) throw new Error("the zone has no SOA record");
  return { origin: soa.name, records };
}

interface State {
  origin: string;
  ttl: number;
  owner: string;
}

function readLine(line: string, state: State): WireRecord | null {
  const words = wordsOf(line);
  if (words.length === 0) return null;
  if (words[0] === "$ORIGIN") state.origin = absolute(words[1] ?? "", { ...state, origin: "" });
  else if (words[0] === "$TTL") state.ttl = Number(words[1]);
  else return readRecord(words, /^\s/.test(line), state);
  return null;
}

/** Quoted texts are one word, without their quotes; a semicolon begins a comment. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|;.*|([^\s";]+)/g)].filter(([all]) => !all.startsWith(";")).map(([, quoted, plain]) => quoted ?? (plain as string));
}

function readRecord(words: readonly string[], isContinued: boolean, state: State): WireRecord {
  const rest = [...words];
  if (!isContinued) state.owner = absolute(rest.shift() as string, state);
  const ttl = /^\d+$/.test(rest[0] ?? "") ? Number(rest.shift()) : state.ttl;
  if (rest[0] === "IN") rest.shift();
  const type = rest.shift() ?? "";
  const read = DATA[type];
  if (read === undefined) throw new Error(`records of type ${JSON.stringify(type)} are not read`);
  return { name: state.owner, type, ttl, class: "IN", data: read(rest, (name) => absolute(name, state)) } as WireRecord;
}

type Read = (words: readonly string[], name: (written: string) => string) => unknown;

const aName: Read = ([word = ""], name) => name(word);
const asItIs: Read = ([word]) => word;

const DATA: Readonly<Record<string, Read>> = {
  A: asItIs,
  AAAA: asItIs,
  CNAME: aName,
  NS: aName,
  PTR: aName,
  TXT: (words) => [...words],
  MX: ([preference, exchange = ""], name) => ({ preference: Number(preference), exchange: name(exchange) }),
  SOA: ([mname = "", rname = "", ...numbers], name) => {
    const [serial, refresh, retry, expire, minimum] = numbers.map(Number);
    return { mname: name(mname), rname: name(rname), serial, refresh, retry, expire, minimum };
  },
  TLSA: ([usage, selector, matchingType, certificate = ""]) => ({
    usage: Number(usage),
    selector: Number(selector),
    matchingType: Number(matchingType),
    certificate: Buffer.from(certificate, "hex"),
  }),
};

function absolute(written: string, { origin }: State): string {
  const name = written.toLowerCase();
  if (name === ".") return ".";
  if (name === "@") return origin;
  if (name.endsWith(".")) return name.slice(0, -1);
  return origin === "" ? name : `${name}.${origin}`;
}
