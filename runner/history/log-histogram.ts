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
  /** Each bucket and its count in turn, in the order of the buckets: a watch has a hundred thousand of these, with a few values each. */
  readonly #pairs: number[] = [];
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
    for (const [bucket, count] of other.#counted()) this.#add(bucket, count);
  }

  /** Of all values, to 2 %. */
  get sum(): number {
    let sum = 0;
    for (const [bucket, count] of this.#counted()) sum += count * middleOf(bucket);
    return sum;
  }

  /** The value below which this share of all values lies, to 2 %; null without values. */
  quantile(share: number): number | null {
    if (this.#total === 0) return null;
    let left = Math.max(1, Math.ceil(share * this.#total));
    for (const [bucket, count] of this.#counted()) {
      left -= count;
      if (left <= 0) return middleOf(bucket);
    }
    return null;
  }

  /** Distances between buckets and their counts, as varints in Base64: 60 values are about 80 characters. */
  encode(): string {
    const bytes: number[] = [];
    let before = 0;
    for (const [bucket, count] of this.#counted()) {
      pushVarint(bytes, bucket - before);
      pushVarint(bytes, count);
      before = bucket;
    }
    return Buffer.from(bytes).toString("base64");
  }

  #add(bucket: number, count: number): void {
    this.#total += count;
    const at = this.#placeOf(bucket);
    if (this.#pairs[at] === bucket) (this.#pairs[at + 1] as number) += count;
    else this.#pairs.splice(at, 0, bucket, count);
  }

  /** Where a bucket is, or belongs. */
  #placeOf(bucket: number): number {
    let [low, high] = [0, this.#pairs.length / 2];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#pairs[2 * middle] as number) < bucket) low = middle + 1;
      else high = middle;
    }
    return 2 * low;
  }

  *#counted(): Generator<readonly [bucket: number, count: number]> {
    for (let index = 0; index < this.#pairs.length; index += 2) yield [this.#pairs[index] as number, this.#pairs[index + 1] as number];
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
