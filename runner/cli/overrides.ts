import { UsageError } from "./usage-error.js";

/** The input with every `--set key=value` applied. The key is a path: tls.mode, resolver.servers. */
export function withOverrides(input: unknown, written: readonly string[]): unknown {
  const result = structuredClone(input);
  for (const each of written) override(result, each);
  return result;
}

function override(input: unknown, written: string): void {
  const equals = written.indexOf("=");
  const path = written.slice(0, equals).split(".");
  if (equals < 1 || path.includes(""))
    throw new UsageError(`--set ${JSON.stringify(written)} is not KEY=VALUE`, "write --set target_port=587 or --set tls.mode=implicit");
  assign(input, path, valueFrom(written.slice(equals + 1)), `--set ${JSON.stringify(written)}`);
}

/** Sets the field at a path, and creates the objects on the way to it. */
export function assign(input: unknown, path: readonly string[], value: unknown, origin: string): void {
  const last = path.at(-1) as string;
  let holder = input;
  for (const step of path.slice(0, -1)) holder = stepInto(holder, step, origin);
  if (holder === null || typeof holder !== "object") throw noObject(origin);
  put(holder, last, value);
}

function stepInto(holder: unknown, step: string, origin: string): unknown {
  if (holder === null || typeof holder !== "object") throw noObject(origin);
  if (!Object.hasOwn(holder, step)) put(holder, step, {});
  return (holder as Record<string, unknown>)[step];
}

/** Defined, not assigned: `__proto__` is an ordinary field here, which the contract rejects. */
function put(holder: object, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, enumerable: true, writable: true, configurable: true });
}

function noObject(origin: string): UsageError {
  return new UsageError(`${origin} refers to a field of a value that has no fields`);
}

/** Parsed as JSON if possible, otherwise as text, so that a host name needs no quotes. */
function valueFrom(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return written;
  }
}
