/** What one line of `ping -n -D -O` of iputils says. */
export type PingLine =
  | {
      readonly kind: "reply";
      readonly seq: number;
      readonly from: string;
      readonly ttl: number | null;
      readonly rttMs: number | null;
      readonly flaws: readonly Flaw[];
    }
  | { readonly kind: "error"; readonly seq: number; readonly from: string; readonly message: string; readonly mtu: number | null }
  | { readonly kind: "unanswered"; readonly seq: number }
  | { readonly kind: "corrupt" }
  | { readonly kind: "sent"; readonly count: number };

export type Flaw = "duplicate" | "corrupt" | "other_address";

const TIMESTAMP = /^\[\d{1,12}\.\d{1,9}\] /;
const REPLY = /^\d{1,6} bytes from ([0-9a-fA-F.:%a-z]{2,60}): icmp_seq=(\d{1,6})(?: ttl=(\d{1,3}))?(?: time=([\d.]{1,20}) ms)?(.{0,200})$/;
const ERROR = /^From ([0-9a-fA-F.:%a-z]{2,60}):? icmp_seq=(\d{1,6}) (.{1,200})$/;
const UNANSWERED = /^no answer yet for icmp_seq=(\d{1,6})$/;
const SENT = /^(\d{1,6}) packets transmitted, /;
const MTU = /mtu ?[=:] ?(\d{1,6})/;

/** Null for a line that says nothing of a packet. */
export function readPingLine(written: string): PingLine | null {
  const line = written.replace(TIMESTAMP, "").trimEnd();
  const [, from, seq, ttl, time, rest = ""] = REPLY.exec(line) ?? [];
  if (from !== undefined)
    return {
      kind: "reply",
      seq: Number(seq),
      from,
      ttl: ttl === undefined ? null : Number(ttl),
      rttMs: time === undefined ? null : Number(time),
      flaws: flawsIn(rest),
    };
  const [, sender, errorSeq, message = ""] = ERROR.exec(line) ?? [];
  if (sender !== undefined) return { kind: "error", seq: Number(errorSeq), from: sender, message, mtu: mtuIn(message) };
  const [, lost] = UNANSWERED.exec(line) ?? [];
  if (lost !== undefined) return { kind: "unanswered", seq: Number(lost) };
  const [, count] = SENT.exec(line) ?? [];
  if (count !== undefined) return { kind: "sent", count: Number(count) };
  return line.startsWith("wrong data byte") ? { kind: "corrupt" } : null;
}

function flawsIn(rest: string): Flaw[] {
  return [
    ...(rest.includes("(DUP!)") ? ["duplicate" as const] : []),
    ...(rest.includes("(BAD CHECKSUM!)") || rest.includes("(truncated)") ? ["corrupt" as const] : []),
    ...(rest.includes("(DIFFERENT ADDRESS!)") ? ["other_address" as const] : []),
  ];
}

export function mtuIn(message: string): number | null {
  const [, mtu] = MTU.exec(message) ?? [];
  return mtu === undefined ? null : Number(mtu);
}

/** RFC 792 and RFC 4443: type and code of the words that iputils prints. */
const ICMP_ERRORS: readonly (readonly [words: RegExp, ipv4: readonly [number, number], ipv6: readonly [number, number]])[] = [
  [/^Destination Net Unreachable|^Destination unreachable: No route/i, [3, 0], [1, 0]],
  [/^Destination Host Unreachable/i, [3, 1], [1, 3]],
  [/^Destination Protocol Unreachable/i, [3, 2], [1, 0]],
  [/^Destination Port Unreachable|^Destination unreachable: Port/i, [3, 3], [1, 4]],
  [/^Frag needed/i, [3, 4], [2, 0]],
  [/^Packet too big/i, [3, 4], [2, 0]],
  [/^Source Route Failed/i, [3, 5], [1, 0]],
  [/^Destination Net Unknown/i, [3, 6], [1, 0]],
  [/^Destination Host Unknown/i, [3, 7], [1, 0]],
  [/^Destination Net Prohibited/i, [3, 9], [1, 1]],
  [/^Destination Host Prohibited/i, [3, 10], [1, 1]],
  [/^Packet filtered|^Destination unreachable: Administratively/i, [3, 13], [1, 1]],
  [/^Destination unreachable: Beyond scope/i, [3, 0], [1, 2]],
  [/^Destination unreachable: Address/i, [3, 1], [1, 3]],
  [/^Time to live exceeded|^Time exceeded: Hop limit/i, [11, 0], [3, 0]],
  [/^Frag reassembly time exceeded|^Time exceeded: Defragmentation/i, [11, 1], [3, 1]],
  [/^Redirect/i, [5, 0], [137, 0]],
  [/^Parameter problem/i, [12, 0], [4, 0]],
];

export function icmpOf(message: string, family: 4 | 6): { readonly type: number; readonly code: number } | null {
  const found = ICMP_ERRORS.find(([words]) => words.test(message));
  if (found === undefined) return null;
  const [type, code] = family === 4 ? found[1] : found[2];
  return { type, code };
}
