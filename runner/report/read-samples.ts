import { StringDecoder } from "node:string_decoder";
import { type Sample, sampleOf } from "./sample.js";

export interface ReadSamples {
  readonly samples: readonly Sample[];
  /** Lines or items that are no results, as null for a run that could not be made. */
  readonly others: number;
  /** Results beyond the most that one report takes. */
  readonly dropped: number;
}

/** All of them are in memory at once. */
const MOST_SAMPLES = 200_000;
/** A longer line is not a result of probe-run. */
const MOST_LINE = 4 * 1024 * 1024;
/** Of a file that is one JSON value over many lines. */
const MOST_WHOLE = 256 * 1024 * 1024;

/** Results as JSON lines, or as one JSON value over several lines. */
export async function readSamples(chunks: AsyncIterable<Uint8Array>): Promise<ReadSamples> {
  const reader = new Reader();
  const decoder = new StringDecoder("utf8");
  for await (const chunk of chunks) reader.push(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
  return reader.end(decoder.end());
}

class Reader {
  readonly #samples: Sample[] = [];
  #others = 0;
  #dropped = 0;
  #rest = "";
  /** The line is too long: what comes until its end is passed over. */
  #isSkipping = false;
  #whole: string[] | null = null;
  #wholeLength = 0;
  #isFirst = true;

  push(text: string): void {
    if (this.#whole !== null) {
      this.#keepWhole(text);
      return;
    }
    const lines = text.split("\n");
    const last = lines.pop() as string;
    for (const [index, line] of lines.entries()) {
      this.#line(`${this.#rest}${line}`);
      this.#rest = "";
      if (this.#whole !== null) {
        this.#keepWhole([...lines.slice(index + 1), last].join("\n"));
        return;
      }
    }
    this.#rest += last;
    if (this.#rest.length <= MOST_LINE) return;
    this.#isSkipping = true;
    this.#rest = "";
  }

  end(text: string): ReadSamples {
    this.push(text);
    if (this.#whole === null) this.#line(this.#rest);
    else this.#values(parsed(this.#whole.join("")));
    return { samples: this.#samples, others: this.#others, dropped: this.#dropped };
  }

  #line(line: string): void {
    if (this.#isSkipping) {
      this.#isSkipping = false;
      this.#others += 1;
      return;
    }
    const written = line.replaceAll("\ufeff", "").trim();
    if (written === "") return;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const value = parsed(written);
    // A first line that is no JSON begins a value that is longer than a line.
    if (isFirst && value === undefined && /^[[{]/.test(written)) {
      this.#whole = [];
      this.#keepWhole(`${written}\n`);
    } else this.#values(value);
  }

  #keepWhole(text: string): void {
    this.#wholeLength += text.length;
    if (this.#wholeLength <= MOST_WHOLE) this.#whole?.push(text);
  }

  #values(value: unknown): void {
    for (const each of Array.isArray(value) ? value : [value]) {
      const sample = sampleOf(each);
      if (sample === null) this.#others += 1;
      else if (this.#samples.length >= MOST_SAMPLES) this.#dropped += 1;
      else this.#samples.push(sample);
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
