import type { DefinedProbe } from "./registry.js";
import { type Asked, candidates } from "./version.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** An input with defaults from the environment. Only for command lines: in code, and in a worker, an input is complete. */
export function withEnvironment({ probe, versions }: DefinedProbe, asked: Asked, input: unknown, environment: Environment): unknown {
  const isObject = input !== null && typeof input === "object" && !Array.isArray(input);
  // The names are those of the newest contract.
  if (probe.fromEnvironment === undefined || !isObject || candidates(asked, versions)[0] !== versions[0]) return input;
  return { ...probe.fromEnvironment(environment), ...input };
}
