/**
 * Results of a pure function by their text, the oldest forgotten first; what else is `given` follows from the text. A text is kept when it comes for
 * the second time: of those that come once, nothing is left for the collector of garbage to carry along. Long texts are worked out anew each time,
 * so that hostile ones fill no memory.
 */
export function keptByText<Result, Given extends readonly unknown[] = []>(
  most: number,
  work: (text: string, ...given: Given) => Result,
  longest = 2048,
): (text: string, ...given: Given) => Result {
  const kept = new Map<string, Result>();
  let seenOnce = new Set<string>();
  return (text, ...given) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    const result = work(text, ...given);
    if (text.length > longest || result === undefined) return result;
    if (!seenOnce.delete(text)) {
      if (seenOnce.size >= most) seenOnce = new Set();
      seenOnce.add(text);
      return result;
    }
    if (kept.size >= most) kept.delete(kept.keys().next().value as string);
    kept.set(text, result);
    return result;
  };
}
