import type { Arguments } from "./arguments.js";

/** Whether a number is meant, where `*` is the largest there is. */
export type SequenceSet = (number: number, largest: number) => boolean;

const SET = /(?:\*|[1-9]\d*)(?::(?:\*|[1-9]\d*))?(?:,(?:\*|[1-9]\d*)(?::(?:\*|[1-9]\d*))?)*/;

export function sequenceSet(from: Arguments): SequenceSet {
  return parsed(from.expect(SET, "a set of numbers, as 1:4,7,9:*"));
}

/** The same for a position that may have something else. */
export function sequenceSetOrNull(from: Arguments): SequenceSet | null {
  const text = from.take(new RegExp(`${SET.source}(?=[ )]|$)`));
  return text === null ? null : parsed(text);
}

function parsed(text: string): SequenceSet {
  const ranges = text.split(",").map((range) => {
    const [first, last = first] = range.split(":") as [string, string?];
    return [numberOf(first), numberOf(last)] as const;
  });
  return (number, largest) =>
    ranges.some(([one, other]) => {
      const [a, b] = [Math.min(one, other), Math.max(one, other)];
      // RFC 9051, 9: the order of the two does not matter, so 10:* means the last message if there are fewer.
      return b === Number.POSITIVE_INFINITY ? number >= Math.min(a, largest) : a <= number && number <= b;
    });
}

function numberOf(text: string): number {
  return text === "*" ? Number.POSITIVE_INFINITY : Number(text);
}
