import "../../runner/capabilities.js";
import { corpusOf, fuzz } from "./fuzz.js";
import { TARGETS } from "./targets.js";

// npm run fuzz -- <parser> [--seconds N] [--seed N]; without a parser, all of them in turn.
const { names, seconds, seed } = argumentsOf(process.argv.slice(2));
let failed = false;
for (const name of names) {
  const target = TARGETS[name];
  if (target === undefined) {
    console.error(`there is no parser ${JSON.stringify(name)}: give one of ${Object.keys(TARGETS).join(", ")}`);
    process.exit(2);
  }
  const { runs, finding } = await fuzz(target, { corpus: corpusOf(name), seed, milliseconds: seconds * 1000, mostRuns: Number.POSITIVE_INFINITY });
  console.log(`${name}: ${runs} inputs, seed ${seed}: ${finding === null ? "nothing found" : finding.problem}`);
  if (finding === null) continue;
  console.log(`  the input, in base64: ${finding.base64}`);
  failed = true;
}
process.exit(failed ? 1 : 0);

function argumentsOf(words: readonly string[]) {
  const numbers = { seconds: 20, seed: Date.now() % 1_000_000 };
  const given: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    if (word !== "--seconds" && word !== "--seed") given.push(word);
    else numbers[word.slice(2) as keyof typeof numbers] = Number(words[++index]);
  }
  if (Number.isFinite(numbers.seconds) && Number.isInteger(numbers.seed)) return { names: given.length === 0 ? Object.keys(TARGETS) : given, ...numbers };
  console.error("usage: npm run fuzz -- [parser…] [--seconds N] [--seed N]");
  return process.exit(2);
}
