/** One probe of one hop. */
export interface HopProbe {
  readonly address: string | null;
  readonly rttMs: number | null;
  /** The letter after an exclamation mark, as H for a host that is unreachable; null for a plain answer. */
  readonly flag: string | null;
}

export interface HopLine {
  readonly ttl: number;
  readonly probes: readonly HopProbe[];
  /** What `--mtu` found out at this hop. */
  readonly mtu: number | null;
}

const LINE = /^ ?(\d{1,3}) {2}(.{1,2000})$/;
const ADDRESS = /^[0-9a-fA-F.:]{2,45}(?:%[0-9A-Za-z]{1,16})?$/;
const TIME = /^\d{1,9}(?:\.\d{1,9})?$/;
const FLAG = /^!(.{0,8})$/;
const MTU = /^F=(\d{1,6})$/;

/** Reads a line of `traceroute -n` for Linux (traceroute.sourceforge.net); null for one that is no hop. */
export function readHopLine(line: string): HopLine | null {
  const [, ttl, rest] = LINE.exec(line) ?? [];
  if (ttl === undefined || rest === undefined) return null;
  const probes: HopProbe[] = [];
  let address: string | null = null;
  let mtu: number | null = null;
  for (const word of rest.trim().split(/ +/)) {
    const last = probes.at(-1);
    const [, flag] = FLAG.exec(word) ?? [];
    const [, size] = MTU.exec(word) ?? [];
    if (word === "*") probes.push({ address: null, rttMs: null, flag: null });
    else if (size !== undefined) mtu = Number(size);
    else if (flag !== undefined) {
      if (last !== undefined) probes[probes.length - 1] = { ...last, flag: flag === "" ? "ttl" : flag };
    } else if (word === "ms") continue;
    else if (TIME.test(word) && address !== null) probes.push({ address, rttMs: Number(word), flag: null });
    else if (ADDRESS.test(word)) address = word;
    else return null;
  }
  return { ttl: Number(ttl), probes, mtu };
}

/** traceroute(8): what the letters mean. */
const FLAGS: Readonly<Record<string, string>> = {
  H: "host unreachable",
  N: "network unreachable",
  P: "protocol unreachable",
  S: "source route failed",
  F: "fragmentation needed",
  X: "communication administratively prohibited",
  V: "host precedence violation",
  C: "precedence cutoff in effect",
  ttl: "the reply's ttl is 1 or less",
};

export function flagInWords(flag: string): string {
  if (/^F-\d{1,6}$/.test(flag)) return `fragmentation needed, the next hop takes ${flag.slice(2)} bytes`;
  return FLAGS[flag] ?? `ICMP unreachable code ${flag}`;
}
