/** Events in the order of their times; events of the same time in the order in which they were added. A binary heap of numbers, without objects. */
export class EventHeap {
  #times = new Float64Array(1024);
  #orders = new Float64Array(1024);
  #events = new Int32Array(1024);
  #size = 0;
  #added = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  get nextTime(): number {
    return this.#times[0] as number;
  }

  add(time: number, event: number): void {
    if (this.#size === this.#times.length) this.#grow();
    const order = this.#added++;
    let index = this.#size++;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(time, order, parent)) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#put(index, time, order, event);
  }

  /** Removes the first event. */
  take(): number {
    const first = this.#events[0] as number;
    this.#size -= 1;
    const [time, order, event] = [this.#times[this.#size] as number, this.#orders[this.#size] as number, this.#events[this.#size] as number];
    let index = 0;
    for (let child = 1; child < this.#size; child = 2 * index + 1) {
      if (child + 1 < this.#size && this.#isBefore(this.#times[child + 1] as number, this.#orders[child + 1] as number, child)) child += 1;
      if (this.#isBefore(time, order, child)) break;
      this.#move(child, index);
      index = child;
    }
    this.#put(index, time, order, event);
    return first;
  }

  #isBefore(time: number, order: number, other: number): boolean {
    const otherTime = this.#times[other] as number;
    return time < otherTime || (time === otherTime && order < (this.#orders[other] as number));
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from] as number, this.#orders[from] as number, this.#events[from] as number);
  }

  #put(index: number, time: number, order: number, event: number): void {
    this.#times[index] = time;
    this.#orders[index] = order;
    this.#events[index] = event;
  }

  #grow(): void {
    const grown = <Numbers extends Float64Array | Int32Array>(larger: Numbers, numbers: Numbers): Numbers => {
      larger.set(numbers);
      return larger;
    };
    this.#times = grown(new Float64Array(this.#size * 2), this.#times);
    this.#orders = grown(new Float64Array(this.#size * 2), this.#orders);
    this.#events = grown(new Int32Array(this.#size * 2), this.#events);
  }
}
