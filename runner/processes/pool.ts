import type { Assignment, Outcome } from "./assignment.js";
import { Child, type Ending, type Orders } from "./child.js";

/** After this many processes in a row, per requested process, have ended without running an input, no more are started. */
const MOST_BARREN = 3;

/** Processes that run inputs. One that ends is replaced: what it had begun is lost, and what it had not begun is run by the others. */
export class Pool {
  readonly #children: Child[];
  /** No process that ends is replaced, and no input begins. */
  #isEnding = false;
  #isBalancing = false;
  #barren = 0;
  #broken: Error | null = null;

  constructor(
    readonly orders: Orders,
    readonly processes: number,
  ) {
    this.#children = Array.from({ length: processes }, (_, place) => this.#started(place));
  }

  /** Rejects when no process can run it; null when it has not begun before the end. */
  start(input: unknown, index: number): Promise<Outcome | null> {
    return new Promise((resolve, reject) => this.#assign({ input, index, resolve, reject }));
  }

  /** Ends the runs in progress early: the last ones. */
  cancel(): void {
    this.#isEnding = true;
    for (const child of this.#children) child.cancel();
  }

  /** Resolves when no process is left. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#children.map((child) => child.stop()));
  }

  /** Gives it to the process with the fewest inputs. */
  #assign(assignment: Assignment): void {
    if (this.#broken !== null) assignment.reject(this.#broken);
    else if (this.#isEnding) assignment.resolve(null);
    else this.#children.reduce((idlest, each) => (each.load < idlest.load ? each : idlest)).take(assignment);
  }

  #started(place: number): Child {
    return new Child(this.orders, {
      progressed: () => this.#balanceSoon(),
      returned: (assignments) => {
        for (const each of assignments) this.#assign(each);
      },
      ended: (ending) => this.#replace(place, ending),
    });
  }

  #replace(place: number, { why, isBarren, fatal }: Ending): void {
    this.#barren = isBarren ? this.#barren + 1 : 0;
    if (fatal !== null) this.#broken ??= fatal;
    else if (this.#barren > MOST_BARREN * this.processes) this.#broken ??= new Error(`every process of the probe ends without a result: the last one ${why}`);
    else if (!this.#isEnding && this.#broken === null) this.#children[place] = this.#started(place);
  }

  /** First, new inputs fill the places that have become free. */
  #balanceSoon(): void {
    if (this.#isBalancing) return;
    this.#isBalancing = true;
    setImmediate(() => {
      this.#isBalancing = false;
      this.#balance();
    });
  }

  /** An input does not wait in one process while another has a free place for it: at the end of a list, and beside slow runs. */
  #balance(): void {
    const { concurrency } = this.orders;
    const free = this.#children.reduce((sum, { load }) => sum + Math.max(0, concurrency - load), 0);
    if (free === 0 || this.#isEnding) return;
    for (const child of this.#children) if (child.load > concurrency) child.askToReturn(Math.min(free, child.load - concurrency));
  }
}
