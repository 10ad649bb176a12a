/** A longer field is complete in `output` and cut in `queue`: a broker is not the place for a megabyte of banner. */
const MAX_FIELD_CHARACTERS = 8 * 1024;

/** The payload for a queue: the same evidence with oversize texts cut. The same object if there is nothing to cut. */
export function fitForQueue<Value>(value: Value): Value {
  if (typeof value === "string") {
    return (value.length <= MAX_FIELD_CHARACTERS ? value : `${value.slice(0, MAX_FIELD_CHARACTERS)}… (${value.length} characters)`) as Value;
  }
  if (value === null || typeof value !== "object") return value;
  return (Array.isArray(value) ? fitItems(value) : fitFields(value as Record<string, unknown>)) as Value;
}

// Every run makes these walks, which almost never find anything: nothing is copied before something must be cut.
function fitItems(items: unknown[]): unknown[] {
  let changed: unknown[] | null = null;
  for (let index = 0; index < items.length; index++) {
    const fitting = fitForQueue(items[index]);
    if (fitting === items[index]) continue;
    changed ??= [...items];
    changed[index] = fitting;
  }
  return changed ?? items;
}

function fitFields(fields: Record<string, unknown>): Record<string, unknown> {
  let changed: Record<string, unknown> | null = null;
  // for…in, since keys() and entries() make arrays.
  for (const name in fields) {
    const fitting = fitForQueue(fields[name]);
    if (fitting === fields[name]) continue;
    changed ??= { ...fields };
    changed[name] = fitting;
  }
  return changed ?? fields;
}
