/** Lays inputs over each other, the later ones on top. Objects are joined field by field, everything else is replaced. */
export function merged(...layers: readonly unknown[]): unknown {
  return layers.filter((layer) => layer !== undefined).reduce((below, above) => (isObject(below) && isObject(above) ? joined(below, above) : above), {});
}

function joined(below: Record<string, unknown>, above: Record<string, unknown>): Record<string, unknown> {
  const result = new Map(Object.entries(below));
  for (const [name, value] of Object.entries(above)) result.set(name, merged(result.get(name), value));
  return Object.fromEntries(result);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
