/** Something that is measured once a round. */
export type Measurement<Result> = () => Promise<Result>;

/**
 * Measures several things in turn, round after round: A B C A B C …. What happens to the machine meanwhile happens to all of them.
 * Gives, for each name, what its rounds measured.
 */
export async function interleaved<Result>(
  rounds: number,
  contenders: ReadonlyMap<string, Measurement<Result>>,
  progress: (text: string) => void,
): Promise<Map<string, Result[]>> {
  const results = new Map([...contenders.keys()].map((name): [string, Result[]] => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, measure] of contenders) {
      progress(`round ${round} of ${rounds}: ${name}`);
      results.get(name)?.push(await measure());
    }
  }
  return results;
}
