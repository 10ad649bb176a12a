import type { Style } from "../../support/style.js";

/** What a run is drawn on. */
export interface Canvas {
  /** In cells of the terminal. */
  readonly width: number;
  readonly style: Style;
}
