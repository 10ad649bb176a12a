/** A field longer than this stays in `output` and is cut in `queue`: a broker is not the place for a megabyte of banner. */
const MAX_FIELD_CHARACTERS = 8 * 1024;

/** The payload for a queue: the same evidence, oversize texts cut. The very same object when there is nothing to cut. */
export function fitForQueue<Value>(value: Value): Value {
  if (typeof value === "string") {
    return (value.length <= MAX_FIELD_CHARACTERS ? value : `${value.slice(0, MAX_FIELD_CHARACTERS)}… (${value.length} characters)`) as Value;
  }
  if (value === null || typeof value !== "object") return value;
  let changed: Value | null = null;
  for (const [key, item] of Object.entries(value)) {
    const fitting = fitForQueue(item);
    if (fitting === item) continue;
    changed ??= (Array.isArray(value) ? [...value] : { ...value }) as Value;
    (changed as Record<string, unknown>)[key] = fitting;
  }
  return changed ?? value;
}
