import type { QueueAnswer } from "../contenders/queue-rounds.js";

/** What is measured of a queue, and how long it took of a round. */
export const QUEUE_LINES: readonly (readonly [name: string, milliseconds: (round: QueueAnswer) => number])[] = [
  ["enqueue", ({ enqueue }) => enqueue],
  ["work", ({ work }) => work],
  ["consume", ({ consume }) => consume],
  ["all three", ({ enqueue, work, consume }) => enqueue + work + consume],
];

/** Jobs a second, of each round. */
export function ratesOf(jobs: number, milliseconds: (round: QueueAnswer) => number, rounds: readonly QueueAnswer[]): number[] {
  return rounds.map((round) => (jobs / milliseconds(round)) * 1000);
}
