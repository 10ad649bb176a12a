/** Each bucket is this much wider than the one before it, so a value is known to 2 %. */
const GAMMA = 1.02 / 0.98;
const LOG_GAMMA = Math.log(GAMMA);
/** Values below this, also zero, share a bucket. */
const LEAST = 1;

/**
 * Counts values by their order of magnitude. Histograms of hours and places add up to the histogram of the whole, which averages and percentiles
 * do not.
 */
export class LogHistogram {
  readonly #counts = new Map<number, number>();
  #total = 0;

  static decode(text: string): LogHistogram {
    const histogram = new LogHistogram();
    const numbers = varints(Buffer.from(text, "base64"));
    let bucket = 0;
    for (let index = 0; index + 1 < numbers.length; index += 2) {
      bucket += numbers[index] as number;
      histogram.#add(bucket, numbers[index + 1] as number);
    }
    return histogram;
  }

  get total(): number {
    return this.#total;
  }

  add(value: number): void {
    this.#add(value < LEAST ? 0 : Math.max(1, Math.ceil(Math.log(value) / LOG_GAMMA)), 1);
  }

  merge(other: LogHistogram): void {
    for (const [bucket, count] of other.#counts) this.#add(bucket, count);
  }

  /** Of all values, to 2 %. */
  get sum(): number {
    return [...this.#counts].reduce((sum, [bucket, count]) => sum + count * middleOf(bucket), 0);
  }

  /** The value below which this share of all values lies, to 2 %; null without values. */
  quantile(share: number): number | null {
    if (this.#total === 0) return null;
    let left = Math.max(1, Math.ceil(share * this.#total));
    for (const [bucket, count] of this.#sorted()) {
      left -= count;
      if (left <= 0) return middleOf(bucket);
    }
    return null;
  }

  /** Distances between buckets and their counts, as varints in Base64: 60 values are about 80 characters. */
  encode(): string {
    const bytes: number[] = [];
    let before = 0;
    for (const [bucket, count] of this.#sorted()) {
      pushVarint(bytes, bucket - before);
      pushVarint(bytes, count);
      before = bucket;
    }
    return Buffer.from(bytes).toString("base64");
  }

  #add(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#total += count;
  }

  #sorted(): [bucket: number, count: number][] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : (2 * GAMMA ** bucket) / (GAMMA + 1);
}

function pushVarint(bytes: number[], value: number): void {
  let left = value;
  while (left >= 128) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  bytes.push(left);
}

function varints(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0;
  let factor = 1;
  for (const byte of bytes) {
    value += (byte % 128) * factor;
    if (byte < 128) {
      numbers.push(value);
      value = 0;
      factor = 1;
    } else factor *= 128;
  }
  return numbers;
}
