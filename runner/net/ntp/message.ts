import { failureError } from "../../run/failure-error.js";

/** RFC 5905, section 7.3. */
const HEADER_BYTES = 48;
const VERSION = 4;
const CLIENT = 3;
const SERVER = 4;
/** From 1900 to 1970. */
const UNIX_EPOCH_S = 2_208_988_800;
const ERA_S = 2 ** 32;
const FRACTION = 2 ** 32;

const LEAPS = ["none", "last_minute_has_61_seconds", "last_minute_has_59_seconds", "not_synchronised"] as const;
export type Leap = (typeof LEAPS)[number];
export const NTP_LEAPS = LEAPS;

export interface NtpReply {
  readonly version: number;
  readonly leap: Leap;
  readonly stratum: number;
  readonly precisionMs: number;
  readonly rootDelayMs: number;
  readonly rootDispersionMs: number;
  readonly referenceId: Buffer;
  /** Milliseconds since 1970; null for a timestamp of zero. */
  readonly reference: number | null;
  readonly received: number | null;
  readonly transmitted: number | null;
}

/** A request says nothing of this machine: only a random number that the reply must repeat. */
export function encodeRequest(nonce: Buffer): Buffer {
  const request = Buffer.alloc(HEADER_BYTES);
  request[0] = (VERSION << 3) | CLIENT;
  nonce.copy(request, 40, 0, 8);
  return request;
}

/** The reply to the request with this nonce; null for a datagram that answers another one, or none. */
export function readReply(datagram: Buffer, nonce: Buffer, nowMs: number): NtpReply | null {
  if (datagram.length < HEADER_BYTES) return null;
  const first = datagram[0] as number;
  const mode = first & 0x07;
  if (mode !== SERVER || !datagram.subarray(24, 32).equals(nonce)) return null;
  const version = (first >> 3) & 0x07;
  if (version === 0 || version > VERSION) throw failureError("query", "protocol_violation", `the reply is of NTP version ${version}`);
  const time = (at: number): number | null => timestamp(datagram, at, nowMs);
  return {
    version,
    leap: LEAPS[first >> 6] as Leap,
    stratum: datagram[1] as number,
    precisionMs: 2 ** datagram.readInt8(3) * 1000,
    rootDelayMs: (datagram.readInt32BE(4) / 2 ** 16) * 1000,
    rootDispersionMs: (datagram.readUInt32BE(8) / 2 ** 16) * 1000,
    referenceId: Buffer.from(datagram.subarray(12, 16)),
    reference: time(16),
    received: time(32),
    transmitted: time(40),
  };
}

/** Seconds are counted in eras of 136 years: the one that is meant is the one nearest to now (RFC 5905, section 6). */
function timestamp(datagram: Buffer, at: number, nowMs: number): number | null {
  const seconds = datagram.readUInt32BE(at);
  const fraction = datagram.readUInt32BE(at + 4);
  if (seconds === 0 && fraction === 0) return null;
  const sinceEpoch = seconds - UNIX_EPOCH_S;
  const era = Math.round((nowMs / 1000 - sinceEpoch) / ERA_S);
  return (sinceEpoch + era * ERA_S) * 1000 + (fraction / FRACTION) * 1000;
}

/** RFC 5905, section 7.3: a code for stratum 0 and 1, else an IPv4 address or the beginning of a hash. */
export function referenceText({ stratum, referenceId }: Pick<NtpReply, "stratum" | "referenceId">): string {
  if (stratum > 1) return [...referenceId].join(".");
  const [text = ""] = referenceId.toString("latin1").split("\0", 1);
  return /^[ -~]*$/.test(text) ? text : referenceId.toString("hex");
}

/** A timestamp as a server writes it. */
export function encodeTimestamp(ms: number): Buffer {
  const bytes = Buffer.alloc(8);
  const seconds = Math.floor(ms / 1000);
  bytes.writeUInt32BE((seconds + UNIX_EPOCH_S) % ERA_S, 0);
  bytes.writeUInt32BE(Math.min(FRACTION - 1, Math.round((ms / 1000 - seconds) * FRACTION)), 4);
  return bytes;
}
