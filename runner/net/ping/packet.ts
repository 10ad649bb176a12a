/** One packet of a ping, and what came back. */
export interface PingedPacket {
  readonly seq: number;
  /** Since the run began. */
  at_ms: number | null;
  rtt_ms: number | null;
  ttl: number | null;
  from: string | null;
  outcome: "reply" | "refused" | "lost" | "error" | "corrupt";
  icmp_type: number | null;
  icmp_code: number | null;
  mtu: number | null;
  message: string | null;
}

/** What was learned so far: it is filled as the packets come back, so that an early end of the run loses nothing. */
export interface PingFacts {
  sent: number;
  duplicates: number;
  readonly packets: PingedPacket[];
}

export function lostPacket(seq: number): PingedPacket {
  return { seq, at_ms: null, rtt_ms: null, ttl: null, from: null, outcome: "lost", icmp_type: null, icmp_code: null, mtu: null, message: null };
}
