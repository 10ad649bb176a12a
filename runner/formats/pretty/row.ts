/** One line of the timeline: a step of the run, or what happened during it. */
export interface Row {
  name: string;
  at: number;
  /** Null: it did not end. */
  duration: number | null;
  code: string;
  words: string;
  paint: (text: string) => string;
}
