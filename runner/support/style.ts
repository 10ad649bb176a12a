/** What a text is written to. */
export interface Screen {
  readonly isTty: boolean;
  readonly columns: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

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

/** Colours on a terminal. NO_COLOR (https://no-color.org) disables them, FORCE_COLOR (https://force-color.org) enables them, also in a pipe. */
export function styleFor(screen: Screen, env: Environment): Style {
  return hasColours(screen, env) ? coloured : plain;
}

export function hasColours({ isTty }: Screen, { FORCE_COLOR: force = "", NO_COLOR: none = "", TERM: terminal }: Environment): boolean {
  if (force !== "") return force !== "0" && force !== "false";
  return isTty && none === "" && terminal !== "dumb";
}
