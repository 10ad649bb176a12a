import type { Figure } from "./figure.js";
import type { Workshop } from "./workshop.js";

export interface Setting {
  /** Small numbers, to see that it works; its figures wobble. */
  readonly quick: boolean;
  /** Also say where the time goes. */
  readonly explain: boolean;
  readonly workshop: Workshop;
  progress(text: string): void;
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  measure(setting: Setting): Promise<Figure[]>;
}
