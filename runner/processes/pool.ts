import { Child, type Ending, type Orders, type Outcome } from "./child.js";

/** After this many processes in a row, per requested process, have ended without running an input, no more are started. */
const MOST_BARREN = 3;

/** Processes that run inputs. One that ends is replaced, and what it was working on is lost. */
export class Pool {
  readonly #children: Child[];
  /** No process that ends is replaced. */
  #isEnding = false;
  #barren = 0;
  #broken: Error | null = null;

  constructor(
    readonly orders: Orders,
    readonly processes: number,
  ) {
    this.#children = Array.from({ length: processes }, (_, place) => this.#started(place));
  }

  /** Gives the input to the process with the fewest. Rejects when no process can run it. */
  start(input: unknown, index: number): Promise<Outcome> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    return this.#children.reduce((idlest, each) => (each.load < idlest.load ? each : idlest)).start(index, input);
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

  #started(place: number): Child {
    return new Child(this.orders, (ending) => this.#replace(place, ending));
  }

  #replace(place: number, { why, isBarren, fatal }: Ending): void {
    this.#barren = isBarren ? this.#barren + 1 : 0;
    if (fatal !== null) this.#broken ??= fatal;
    else if (this.#barren > MOST_BARREN * this.processes) this.#broken ??= new Error(`every process of the probe ends without a result: the last one ${why}`);
    else if (!this.#isEnding && this.#broken === null) this.#children[place] = this.#started(place);
  }
}
