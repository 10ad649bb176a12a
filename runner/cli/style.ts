import type { Io, Screen } from "./io.js";

type Colour = (text: string) => string;

export interface Style {
  readonly bold: Colour;
  readonly dim: Colour;
  readonly red: Colour;
  readonly green: Colour;
  readonly yellow: Colour;
  readonly blue: Colour;
}

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39] } as const;

const plain: Style = Object.fromEntries(Object.keys(CODES).map((name) => [name, (text: string) => text])) as unknown as Style;

const coloured: Style = Object.fromEntries(
  Object.entries(CODES).map(([name, [on, off]]) => [name, (text: string) => (text === "" ? "" : `\u001b[${on}m${text}\u001b[${off}m`)]),
) as unknown as Style;

/** Colours for a person at a terminal who did not ask for none (NO_COLOR, https://no-color.org). */
export function styleFor(screen: Screen, env: Io["env"]): Style {
  return screen.isTty && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb" ? coloured : plain;
}
