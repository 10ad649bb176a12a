/** A field longer than this stays in `output` and is cut in `queue`: a broker is not the place for a megabyte of banner. */
const MAX_FIELD_CHARACTERS = 8 * 1024;

/** The payload for a queue: the same evidence, oversize texts cut. The very same object when there is nothing to cut. */
export function fitForQueue<Value>(value: Value): Value {
  if (typeof value === "string") {
    return (value.length <= MAX_FIELD_CHARACTERS ? value : `${value.slice(0, MAX_FIELD_CHARACTERS)}… (${value.length} characters)`) as Value;
  }
  if (value === null || typeof value !== "object") return value;
  let changed: Record<string, unknown> | null = null;
  // for…in and no entries(): this walk is on the path of every run, and nearly never finds anything.
  for (const key in value) {
    const item: unknown = value[key];
    if (typeof item !== "string" && (item === null || typeof item !== "object")) continue;
    const fitting = fitForQueue(item);
    if (fitting === item) continue;
    changed ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    changed[key] = fitting;
  }
  return (changed ?? value) as Value;
}
