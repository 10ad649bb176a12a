/** Whether the history can be written. Each change of that is reported once, however many results fall into it. */
export class HistoryHealth {
  #failedAt: number | null = null;
  #unstored = 0;

  constructor(readonly tell: (message: string) => void) {}

  get isWritable(): boolean {
    return this.#failedAt === null;
  }

  /** Something could not be written; `results` of the checks are lost with it. */
  failed(error: unknown, results: number): void {
    this.#unstored += results;
    if (this.#failedAt !== null) return;
    this.#failedAt = Date.now();
    this.tell(`the history cannot be written, and the watch continues without it: ${(error as Error).message}`);
  }

  written(): void {
    if (this.#failedAt === null) return;
    this.tell(`the history is written again; ${this.#unstored} results since ${new Date(this.#failedAt).toISOString()} were not stored`);
    this.#failedAt = null;
    this.#unstored = 0;
  }
}
