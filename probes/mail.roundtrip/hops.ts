import type { ReceivedHop } from "../../schemas/received.js";
import type { Hop } from "./evidence.js";

/** How much of the way's time passed at each hop. The clocks of hosts differ: a hop that seems to take less than no time has no share. */
export function sharesOf(hops: readonly ReceivedHop[]): Hop[] {
  const total = hops.reduce((sum, { delay_to_next_seconds: delay }) => sum + Math.max(0, delay ?? 0), 0);
  return hops.map((hop) => {
    const { delay_to_next_seconds: delay } = hop;
    return { ...hop, share_percent: delay === null || delay < 0 || total === 0 ? null : Math.round((delay / total) * 1000) / 10 };
  });
}
