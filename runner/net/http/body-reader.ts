import { createHash } from "node:crypto";
import { ContentDecoder, codingsOf } from "./content-decoding.js";
import { type Field, fieldValue } from "./message.js";

export interface BodyLimits {
  /** Reading stops after this many bytes, as sent or decoded. */
  readonly most_bytes: number;
  /** This many decoded bytes are held in memory. */
  readonly kept_bytes: number;
}

/** What a body was. */
export interface BodyFacts {
  /** As sent, without the framing of chunks. */
  bytes: number;
  decoded_bytes: number;
  /** Of the decoded body, in hexadecimal; null if it was not read to its end. */
  sha256: string | null;
  truncated: boolean;
  /** The beginning of the decoded body. */
  kept: Buffer;
}

/** Counts, decodes and hashes a body as it arrives, and keeps its beginning. */
export class BodyReader {
  readonly facts: BodyFacts = { bytes: 0, decoded_bytes: 0, sha256: null, truncated: false, kept: Buffer.alloc(0) };
  readonly #hash = createHash("sha256");
  readonly #decoder: ContentDecoder;
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;

  constructor(
    fields: readonly Field[],
    readonly limits: BodyLimits,
    /** Called with each decoded piece, which may change afterwards. True: no more is needed. */
    readonly isEnough: (bytes: Buffer) => boolean = () => false,
  ) {
    // An unknown coding is not removed: the body is what was sent.
    this.#decoder = new ContentDecoder(codingsOf(fieldValue(fields, "content-encoding")) ?? [], { take: (bytes) => this.#take(bytes) });
  }

  /** Whether more is needed. The bytes may change after the call. */
  write(bytes: Buffer): boolean {
    const room = this.limits.most_bytes - this.facts.bytes;
    const taken = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.facts.bytes += taken.length;
    this.#decoder.write(taken);
    if (bytes.length > room) this.facts.truncated = true;
    return !this.facts.truncated;
  }

  /** The body is complete, or as much of it as was wanted. */
  async end(): Promise<void> {
    if (this.facts.truncated) this.#decoder.stop();
    await this.#decoder.end();
    if (!this.facts.truncated) this.facts.sha256 = this.#hash.digest("hex");
    this.keep();
  }

  /** What arrived before the connection broke. */
  keep(): void {
    this.facts.kept = Buffer.concat(this.#kept);
  }

  #take(bytes: Buffer): boolean {
    const room = this.limits.most_bytes - this.facts.decoded_bytes;
    const taken = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.facts.decoded_bytes += taken.length;
    this.#hash.update(taken);
    if (this.#keptBytes < this.limits.kept_bytes) {
      this.#kept.push(Buffer.from(taken.subarray(0, this.limits.kept_bytes - this.#keptBytes)));
      this.#keptBytes += taken.length;
    }
    if (bytes.length > room || this.isEnough(taken)) this.facts.truncated = true;
    return !this.facts.truncated;
  }
}
