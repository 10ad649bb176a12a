import { randomInt } from "node:crypto";

/** Gives numbers from 0 up to, not including, 1. */
export type Random = () => number;

/** 32 bits of it. */
export function randomSeed(): number {
  return randomInt(0x1_0000_0000);
}

/** The same numbers for the same seed: a Weyl sequence whose steps are mixed by multiplying and shifting. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000;
  };
}

/** Every order is as likely as every other one (Fisher and Yates). */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as Item, order[last] as Item];
  }
  return order;
}
