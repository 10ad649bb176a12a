import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";

const MOST_LINE = 10_000;

/** Asks on stderr, and reads an answer a line from stdin, which may be a terminal or a file. */
export class Questions {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest = "";

  constructor(readonly io: Io) {
    this.#chunks = io.stdin[Symbol.asyncIterator]();
  }

  /** An empty answer is the usual one; null: there must be one. */
  async ask(question: string, usual: string | null): Promise<string> {
    this.io.err(`${question}${usual === null || usual === "" ? "" : ` [${usual}]`}: `);
    const answer = (await this.#line()).trim();
    if (answer !== "") return answer;
    if (usual === null) throw new UsageError("there is nothing to watch", "answer the question, or give --target");
    return usual;
  }

  async end(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #line(): Promise<string> {
    while (!this.#rest.includes("\n")) {
      const { done, value } = await this.#chunks.next();
      if (done === true || this.#rest.length > MOST_LINE) break;
      this.#rest += Buffer.from(value).toString("utf8");
    }
    const end = this.#rest.indexOf("\n");
    const line = end < 0 ? this.#rest : this.#rest.slice(0, end);
    this.#rest = end < 0 ? "" : this.#rest.slice(end + 1);
    return line;
  }
}
