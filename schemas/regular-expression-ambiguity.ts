import { type CharacterSet, overlap, type PatternNode } from "./regular-expression-syntax.js";

/** Larger expressions are refused: the analysis takes quadratic time. */
const MAX_POSITIONS = 256;
/** Ordinary expressions need a few thousand steps. */
const MAX_WORK = 500_000;
const TOO_LARGE = `it is too large: with its repetitions written out it has more than ${MAX_POSITIONS} characters`;
const EXPONENTIAL = "a text can make it take exponential time: a repetition in it can match the same text in more than one way";

/**
 * Why a backtracking matcher may need exponential time for an expression, or null.
 *
 * Each character of the expression becomes a state, and each way to get from one to the next an edge (Glushkov's automaton). Time is
 * exponential if some state can get back to itself over one text in two ways (Weber and Seidl, 1991: the criterion EDA), so that each
 * repetition of the text doubles what has to be tried.
 */
export function ambiguityOf(pattern: PatternNode): string | null {
  const automaton = new Automaton();
  try {
    automaton.add(pattern);
    return automaton.isExponential() ? EXPONENTIAL : null;
  } catch (error) {
    if (error === TOO_LARGE) return TOO_LARGE;
    throw error;
  }
}

/** How a part can begin and end; and whether it can be empty. */
interface Ends {
  readonly nullable: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const NOTHING: Ends = { nullable: true, first: [], last: [] };

class Automaton {
  readonly #sets: CharacterSet[] = [];
  /** By state: the states that follow, and in how many ways each does. */
  readonly #next: Map<number, number>[] = [];
  #work = 0;

  add(node: PatternNode): Ends {
    switch (node.kind) {
      case "empty":
        return NOTHING;
      case "look":
        // Matched by itself: it has states of its own, and none around it follow.
        this.add(node.part);
        return NOTHING;
      case "character":
        return this.#character(node.set);
      case "choice": {
        const all = node.parts.map((part) => this.add(part));
        return { nullable: all.some(({ nullable }) => nullable), first: all.flatMap(({ first }) => first), last: all.flatMap(({ last }) => last) };
      }
      case "sequence":
        return node.parts.reduce((before: Ends, part) => this.#joined(before, this.add(part)), NOTHING);
      case "repeat":
        return this.#repeated(node.part, node.min, node.max);
    }
  }

  isExponential(): boolean {
    const inCircle = this.#statesInCircles();
    for (const state of inCircle.keys()) {
      for (const [next, ways] of this.#next[state] as Map<number, number>) if (ways > 1 && inCircle.get(state)?.has(next)) return true;
      if (this.#partsAndMeets(state, inCircle.get(state) as Set<number>)) return true;
    }
    return false;
  }

  #character(set: CharacterSet): Ends {
    if (this.#sets.length >= MAX_POSITIONS) throw TOO_LARGE;
    this.#next.push(new Map());
    const state = this.#sets.push(set) - 1;
    return { nullable: false, first: [state], last: [state] };
  }

  #repeated(part: PatternNode, min: number, max: number): Ends {
    if (max === 0) return NOTHING;
    let whole = NOTHING;
    // Written out as often as it must match, and at least once; what is bounded above as often as it may.
    const copies = max === Number.POSITIVE_INFINITY ? Math.max(1, min) : max;
    for (let copy = 1; copy <= copies; copy++) {
      const one = this.add(part);
      if (max === Number.POSITIVE_INFINITY && copy === copies) this.#follow(one.last, one.first);
      whole = this.#joined(whole, copy > min ? { ...one, nullable: true } : one);
      if (one.first.length === 0) break;
    }
    return whole;
  }

  #joined(before: Ends, after: Ends): Ends {
    this.#follow(before.last, after.first);
    return {
      nullable: before.nullable && after.nullable,
      first: before.nullable ? [...before.first, ...after.first] : before.first,
      last: after.nullable ? [...before.last, ...after.last] : after.last,
    };
  }

  #follow(last: readonly number[], first: readonly number[]): void {
    for (const from of last) {
      const next = this.#next[from] as Map<number, number>;
      for (const to of first) next.set(to, (next.get(to) ?? 0) + 1);
    }
  }

  /** By state that can be reached from itself: the states in circles with it. */
  #statesInCircles(): Map<number, Set<number>> {
    const reached = this.#next.map((_, state) => this.#reachedFrom(state));
    const circles = new Map<number, Set<number>>();
    for (const [state, all] of reached.entries()) {
      if (all.has(state)) circles.set(state, new Set([...all].filter((other) => reached[other]?.has(state))));
    }
    return circles;
  }

  #reachedFrom(state: number): Set<number> {
    const reached = new Set<number>();
    const open = [...(this.#next[state] as Map<number, number>).keys()];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      open.push(...(this.#next[next] as Map<number, number>).keys());
    }
    return reached;
  }

  /** Two walks over the same text that part at a state, and meet again at one from which they can return to it. */
  #partsAndMeets(state: number, circle: ReadonlySet<number>): boolean {
    const size = this.#sets.length;
    const reached = new Set<number>();
    const open: [number, number][] = [[state, state]];
    for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
      for (const next of this.#pairsAfter(pair[0], pair[1])) {
        const isMeeting = next[0] === next[1];
        if (isMeeting && pair[0] !== pair[1] && circle.has(next[0])) return true;
        const key = next[0] * size + next[1];
        if (isMeeting || reached.has(key)) continue;
        reached.add(key);
        open.push(next);
      }
    }
    return false;
  }

  #pairsAfter(a: number, b: number): [number, number][] {
    const pairs: [number, number][] = [];
    for (const x of (this.#next[a] as Map<number, number>).keys()) {
      if (++this.#work > MAX_WORK) throw TOO_LARGE;
      for (const y of (this.#next[b] as Map<number, number>).keys()) {
        if (overlap(this.#sets[x] as CharacterSet, this.#sets[y] as CharacterSet)) pairs.push([x, y]);
      }
    }
    return pairs;
  }
}
