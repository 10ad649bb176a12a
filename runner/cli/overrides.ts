import { UsageError } from "./usage-error.js";

/** The input with every `--set key=value` in its place. The key is a path: tls.mode, resolver.servers. */
export function withOverrides(input: unknown, written: readonly string[]): unknown {
  const result = structuredClone(input);
  for (const each of written) override(result, each);
  return result;
}

function override(input: unknown, written: string): void {
  const equals = written.indexOf("=");
  const path = written.slice(0, equals).split(".");
  if (equals < 1 || path.includes(""))
    throw new UsageError(`--set ${JSON.stringify(written)} is not key=value`, "write --set target_port=587 or --set tls.mode=implicit");
  const last = path.pop() as string;
  let holder = input;
  for (const step of path) holder = stepInto(holder, step, written);
  if (holder === null || typeof holder !== "object") throw noObject(written);
  put(holder, last, valueFrom(written.slice(equals + 1)));
}

function stepInto(holder: unknown, step: string, written: string): unknown {
  if (holder === null || typeof holder !== "object") throw noObject(written);
  if (!Object.hasOwn(holder, step)) put(holder, step, {});
  return (holder as Record<string, unknown>)[step];
}

/** Defined, not assigned: `__proto__` is a field like any other here, and the contract will refuse it. */
function put(holder: object, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, enumerable: true, writable: true, configurable: true });
}

function noObject(written: string): UsageError {
  return new UsageError(`--set ${JSON.stringify(written)} leads into a value that has no fields`);
}

/** JSON where it is JSON, else the text as it stands: a host name needs no quotes. */
function valueFrom(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return written;
  }
}
