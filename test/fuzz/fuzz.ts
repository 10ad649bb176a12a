import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { REPO } from "../house/files.js";
import type { FuzzTarget } from "./targets.js";

/** Inputs stay below what a peer may send in one reply or record many times over. */
const MAX_BYTES = 64 * 1024;
/** A parser that needs longer for so little can be made to need minutes. The machine may be busy, so this is processor time. */
const MAX_MS = 1000;

export interface Finding {
  readonly problem: string;
  /** What reproduces it. */
  readonly base64: string;
}

export interface FuzzOptions {
  readonly corpus: readonly Buffer[];
  readonly seed: number;
  /** Ends at whichever comes first. */
  readonly milliseconds: number;
  readonly mostRuns: number;
  /** Processor time of one input above which a parser is slow. */
  readonly maxMs?: number;
}

/** The seeds of a target: fixtures/fuzz/NAME, text as it is and *.hex as bytes. */
export function corpusOf(name: string): Buffer[] {
  const folder = join(REPO, "fixtures/fuzz", name);
  return readdirSync(folder)
    .sort()
    .map((file) =>
      file.endsWith(".hex") ? Buffer.from(readFileSync(join(folder, file), "utf8").replace(/\s/g, ""), "hex") : readFileSync(join(folder, file)),
    );
}

/** Runs every seed, and then mutations of them, until time is up. The first finding ends it. */
export async function fuzz(
  target: FuzzTarget,
  { corpus, seed, milliseconds, mostRuns, maxMs = MAX_MS }: FuzzOptions,
): Promise<{ runs: number; finding: Finding | null }> {
  const random = generator(seed);
  const end = performance.now() + milliseconds;
  let runs = 0;
  for (; runs < mostRuns && (runs < corpus.length || performance.now() < end); runs++) {
    const bytes = runs < corpus.length ? (corpus[runs] as Buffer) : mutated(corpus, random);
    const problem = await problemOf(target, bytes, maxMs);
    if (problem !== null) return { runs: runs + 1, finding: { problem, base64: bytes.toString("base64") } };
  }
  return { runs, finding: null };
}

async function problemOf({ parse, refuses = () => false }: FuzzTarget, bytes: Buffer, maxMs: number): Promise<string | null> {
  const began = performance.now();
  try {
    await parse(bytes);
  } catch (error) {
    if (!refuses(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  // Asking for processor time takes longer than most parsers.
  if (performance.now() - began <= maxMs) return null;
  const ms = await processorTime(async () => parse(bytes));
  return ms > maxMs ? `it took ${Math.round(ms)} ms for ${bytes.length} bytes` : null;
}

async function processorTime(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work().catch(() => {});
  return process.cpuUsage(before).user / 1000;
}

type Random = (below: number) => number;

/** mulberry32: the same seed gives the same inputs on each machine. */
function generator(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What parsers stumble over, whatever they parse. */
const MORSELS = [
  "\r\n",
  "\n",
  "\0",
  '"',
  "\\",
  "(",
  ")",
  "<",
  ">",
  ";",
  "=",
  "%",
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  " ",
  "\t",
  "é",
  "\ufffd",
  "=?utf-8?q?",
  "-1",
  "4294967296",
  "9".repeat(20),
  "\x1b[",
]
  .map((morsel) => Buffer.from(morsel))
  .concat([Buffer.from([0xff]), Buffer.from([0x80]), Buffer.from([0xc0, 0x0c]), Buffer.from([0xff, 0xff, 0xff, 0xff])]);

const MUTATIONS: readonly ((bytes: Buffer, random: Random, corpus: readonly Buffer[]) => Buffer)[] = [
  (bytes, random) => replaced(bytes, random(bytes.length + 1), 0, MORSELS[random(MORSELS.length)] as Buffer),
  (bytes, random) => replaced(bytes, random(bytes.length + 1), 1, Buffer.from([random(256)])),
  (bytes, random) => replaced(bytes, random(bytes.length + 1), 1 + random(16), Buffer.alloc(0)),
  (bytes, random) => bytes.subarray(0, random(bytes.length + 1)),
  (bytes, random, corpus) => {
    const other = corpus[random(corpus.length)] as Buffer;
    return replaced(bytes, random(bytes.length + 1), random(8), other.subarray(random(other.length + 1)));
  },
  // A part many times over: nesting and repetition show what is not linear.
  (bytes, random) => {
    const at = random(bytes.length + 1);
    const part = bytes.subarray(at, at + 1 + random(12));
    return replaced(bytes, at, 0, Buffer.alloc(part.length * (1 + random(random(8) === 0 ? 4000 : 20)), part.length === 0 ? 0 : part));
  },
];

function mutated(corpus: readonly Buffer[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(corpus[random(corpus.length)] as Buffer);
  for (let left = 1 + random(4); left > 0; left--)
    bytes = (MUTATIONS[random(MUTATIONS.length)] as (typeof MUTATIONS)[number])(bytes, random, corpus).subarray(0, MAX_BYTES);
  return bytes;
}

function replaced(bytes: Buffer, at: number, length: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)]);
}
