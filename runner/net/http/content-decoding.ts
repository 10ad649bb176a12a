import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import { failureError } from "../../run/failure-error.js";
import { HTTP_LIMITS } from "./limits.js";

/** Where a body goes once its codings are removed. */
export interface DecodedSink {
  /** False: it wants no more. */
  take(bytes: Buffer): boolean;
}

const DECODABLE = ["gzip", "br", "deflate"] as const;

/** The codings of a body in the order in which they were applied; null if one of them is not known. */
export function codingsOf(value: string | null): string[] | null {
  const names = (value ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim().replace(/^x-gzip$/, "gzip"))
    .filter((name) => name !== "" && name !== "identity");
  if (names.length > HTTP_LIMITS.codings) return null;
  return names.every((name) => (DECODABLE as readonly string[]).includes(name)) ? names : null;
}

/** Removes the codings of a body as it arrives. What it expands to is bounded by its sink: a bomb is not unpacked. */
export class ContentDecoder {
  readonly #stages: Transform[] = [];
  readonly #codings: readonly string[];
  readonly #sink: DecodedSink;
  #error: Error | null = null;
  #stopped = false;
  #finish: (() => void) | null = null;
  #flowed = false;

  constructor(codings: readonly string[], sink: DecodedSink) {
    this.#codings = codings;
    this.#sink = sink;
  }

  write(bytes: Buffer): void {
    if (this.#stopped || bytes.length === 0) return;
    if (this.#codings.length === 0) {
      if (!this.#sink.take(bytes)) this.#stopped = true;
      return;
    }
    if (!this.#flowed) this.#build(bytes);
    // It is read later, when the caller may have used its memory for something else.
    this.#stages[0]?.write(Buffer.from(bytes));
  }

  /** Resolves when all is decoded; rejects when the body is damaged. */
  async end(): Promise<void> {
    if (this.#flowed && !this.#stopped && this.#error === null) {
      await new Promise<void>((resolve) => {
        this.#finish = resolve;
        this.#stages[0]?.end();
      });
    }
    if (this.#error !== null && !this.#stopped)
      throw failureError("body", "protocol_violation", `the body is not ${this.#codings.join(", ")} as Content-Encoding says: ${this.#error.message}`);
  }

  stop(): void {
    this.#stopped = true;
    for (const stage of this.#stages) stage.destroy();
    this.#finish?.();
  }

  #build(first: Buffer): void {
    this.#flowed = true;
    const failed = (error: Error): void => {
      this.#error ??= error;
      for (const stage of this.#stages) stage.destroy();
      this.#finish?.();
    };
    // The last coding was applied last, and is removed first.
    for (const coding of [...this.#codings].reverse()) this.#stages.push(decoderOf(coding, first).on("error", failed));
    for (const [index, stage] of this.#stages.entries()) {
      const next = this.#stages[index + 1];
      if (next !== undefined) stage.pipe(next);
      else stage.on("data", (bytes: Buffer) => this.#decoded(bytes)).on("end", () => this.#finish?.());
    }
  }

  #decoded(bytes: Buffer): void {
    if (!this.#stopped && !this.#sink.take(bytes)) this.stop();
  }
}

/** "deflate" means zlib (RFC 9110, section 8.4.1.2), and many servers send raw deflate: zlib begins with the method 8. */
function decoderOf(coding: string, first: Buffer): Transform {
  if (coding === "gzip") return createGunzip();
  if (coding === "br") return createBrotliDecompress();
  return ((first[0] as number) & 0x0f) === 8 ? createInflate() : createInflateRaw();
}
