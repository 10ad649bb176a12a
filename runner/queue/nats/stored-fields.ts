/** Any program that may publish can write to the streams. These read what it wrote there, and never throw. */

type Fields = Readonly<Record<string, unknown>>;

/** The fields of a JSON object; none if the text is anything else. */
export function fieldsIn(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? (value as Fields) : {};
  } catch {
    return {};
  }
}

/** The same in a header, where the text is percent-encoded. */
export function headerFieldsIn(text: string): Fields {
  try {
    return fieldsIn(decodeURIComponent(text));
  } catch {
    return {};
  }
}

/** Headers are parsed when they are read, and the client throws for a name that is not one. */
export function headersIn<Headers>(read: () => Headers): Headers | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export function isNumberIn(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}

/** The sequence of a message in a stream; null for anything else. */
export function sequenceIn(value: unknown): number | null {
  return isNumberIn(value, 1, Number.MAX_SAFE_INTEGER) && Number.isInteger(value) ? value : null;
}

export function textIn(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
