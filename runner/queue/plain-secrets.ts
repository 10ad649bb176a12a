import { referenceByName } from "../harness/reference-paths.js";
import type { DefinedProbe } from "../harness/registry.js";
import type { Violation } from "../support/request-error.js";

/** Secrets in plain text in an input: a stored job may hold references only. */
export function plainSecrets({ references }: DefinedProbe, version: string, input: unknown): Violation[] {
  const paths = (references[version] ?? []).filter(({ isSecret, isName }) => isSecret && isName !== true);
  return paths
    .flatMap(({ steps }) => textsAt(input, steps, ""))
    .map((pointer) => ({
      pointer,
      message: "is a secret in plain text, which must not be stored",
      hint: 'write a reference that the worker resolves: { "secret": "env:NAME" }, "file:PATH" or "command:PROGRAM"',
    }));
}

/** The references in an input that the worker would resolve (`env:NAME` and so on), secret or not. */
export function referencesIn({ references }: DefinedProbe, version: string, input: unknown): string[] {
  return (references[version] ?? []).flatMap(({ steps, isName }) => [
    ...referencesAt(input, steps),
    ...(isName === true ? namesAt(input, steps).map(referenceByName) : []),
  ]);
}

function textsAt(node: unknown, steps: readonly string[], pointer: string): string[] {
  if (steps.length === 0) return typeof node === "string" ? [pointer] : [];
  return children(node, steps[0] as string).flatMap(([key, value]) => textsAt(value, steps.slice(1), `${pointer}/${key}`));
}

function namesAt(node: unknown, steps: readonly string[]): string[] {
  if (steps.length > 0) return children(node, steps[0] as string).flatMap(([, value]) => namesAt(value, steps.slice(1)));
  return typeof node === "string" ? [node] : [];
}

function referencesAt(node: unknown, steps: readonly string[]): string[] {
  if (steps.length > 0) return children(node, steps[0] as string).flatMap(([, value]) => referencesAt(value, steps.slice(1)));
  const { secret } = (node ?? {}) as { secret?: unknown };
  return typeof secret === "string" ? [secret] : [];
}

function children(node: unknown, step: string): [string, unknown][] {
  if (node === null || typeof node !== "object") return [];
  return step === "*" ? Object.entries(node) : Object.hasOwn(node, step) ? [[step, (node as Record<string, unknown>)[step]]] : [];
}
