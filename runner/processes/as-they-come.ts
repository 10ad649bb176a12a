/** Inputs in memory, or read as they are needed. */
export type Inputs<Input> = Iterable<Input> | AsyncIterable<Input>;

interface Bounds {
  /** How many are worked on at once. */
  readonly concurrency: number;
  /** No more inputs are read after it. */
  readonly signal: AbortSignal | undefined;
}

/** Results that the reader has not taken yet stop the reading of inputs from this many times `concurrency` on. */
const HELD_FACTOR = 2;

/**
 * Works on inputs and gives the results as they come; null for an input that has none. It holds no more than `concurrency` inputs in work and as many results that the
 * reader has not taken: a reader that is slow slows the reading of inputs down, and a list may be longer than memory.
 */
export async function* asTheyCome<Input, Result>(
  inputs: Inputs<Input>,
  work: (input: Input, index: number) => Promise<Result | null>,
  bounds: Bounds,
): AsyncGenerator<Result, void, void> {
  const flow = new Flow(inputs, work, bounds);
  try {
    for (let result = await flow.next(); result !== null; result = await flow.next()) yield result.value;
  } finally {
    await flow.end();
  }
}

class Flow<Input, Result> {
  readonly #iterator: Iterator<Input> | AsyncIterator<Input>;
  #results: { value: Result }[] = [];
  #running = 0;
  #index = 0;
  #isReading = false;
  /** The inputs have ended by themselves. */
  #isExhausted = false;
  /** No more inputs are read. */
  #isClosed = false;
  /** Inputs that cannot be read end the list: what runs is finished first. */
  #failure: { error: unknown; isOfWork: boolean } | null = null;
  #changed: (() => void) | null = null;

  constructor(
    inputs: Inputs<Input>,
    readonly work: (input: Input, index: number) => Promise<Result | null>,
    readonly bounds: Bounds,
  ) {
    this.#iterator = Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
    this.#isClosed = bounds.signal?.aborted === true;
    bounds.signal?.addEventListener("abort", this.#close);
  }

  /** The next result; null when there is none left. */
  async next(): Promise<{ value: Result } | null> {
    for (;;) {
      const result = this.#results.shift();
      this.#fill();
      if (result !== undefined) return result;
      const isDone = this.#isClosed && this.#running === 0;
      if (this.#failure !== null && (isDone || this.#failure.isOfWork)) throw this.#failure.error;
      if (isDone) return null;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** Lets the inputs close what they read from. */
  async end(): Promise<void> {
    this.bounds.signal?.removeEventListener("abort", this.#close);
    this.#isClosed = true;
    if (this.#isExhausted) return;
    const closing = Promise.resolve(this.#iterator.return?.());
    // A generator that is being read closes after that, and its next input may never come.
    if (this.#isReading) closing.catch(() => undefined);
    else await closing;
  }

  readonly #close = (): void => {
    this.#isClosed = true;
    this.#wake();
  };

  /** Reads inputs while there is room for them. */
  #fill(): void {
    while (this.#hasRoom()) {
      try {
        const next = this.#iterator.next();
        if ("then" in next) this.#await(next);
        else this.#take(next);
      } catch (error) {
        this.#failReading(error);
      }
    }
  }

  #hasRoom(): boolean {
    const { concurrency } = this.bounds;
    return !this.#isClosed && !this.#isReading && this.#running < concurrency && this.#running + this.#results.length < concurrency * HELD_FACTOR;
  }

  #await(next: Promise<IteratorResult<Input>>): void {
    this.#isReading = true;
    next.then(
      (result) => {
        this.#isReading = false;
        this.#take(result);
        this.#fill();
        this.#wake();
      },
      (error: unknown) => {
        this.#isReading = false;
        this.#failReading(error);
      },
    );
  }

  #take(next: IteratorResult<Input>): void {
    if (next.done === true) this.#isExhausted = true;
    if (this.#isExhausted) this.#isClosed = true;
    // One that was being read when no more were wanted is dropped.
    if (this.#isClosed) return;
    this.#running += 1;
    this.work(next.value as Input, this.#index++).then(
      (value) => {
        this.#running -= 1;
        if (value !== null) this.#results.push({ value });
        this.#fill();
        this.#wake();
      },
      (error: unknown) => {
        this.#running -= 1;
        this.#failure = { error, isOfWork: true };
        this.#close();
      },
    );
  }

  #failReading(error: unknown): void {
    this.#isExhausted = true;
    this.#failure ??= { error, isOfWork: false };
    this.#close();
  }

  #wake(): void {
    const changed = this.#changed;
    this.#changed = null;
    changed?.();
  }
}
