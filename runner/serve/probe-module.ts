import type { LoadedProbe } from "../harness/registry.js";
import { type InputSchema, inputFromTarget } from "../harness/target.js";
import type { Module } from "./module.js";

/** Any built-in probe with the input of a module; the target fills the fields that the probe names for it. Null: it names none. */
export function probeModule(
  probe: string,
  { probe: { target }, versions, probe: { versions: contracts } }: LoadedProbe,
  input: object,
): Omit<Module, "name" | "timeoutMs"> | null {
  if (target === undefined) return null;
  const schema = contracts[versions[0] as string]?.input.schema as InputSchema;
  return {
    probe,
    inputs: (asked) => [{ ...input, ...inputFromTarget(target, schema, asked.target) }],
    judge: () => [],
    ignores: [],
    hasRegex: false,
  };
}

/** A request to /probe must not send mail: every client that can scrape could send it to any address. */
export function sendsMail(probe: string, input: object): boolean {
  return (
    SENDERS.has(probe.split("@")[0] as string) ||
    Object.entries(input).some(([field, value]) => field.startsWith("send_") && value !== false && value !== "False")
  );
}

const SENDERS: ReadonlySet<string> = new Set(["mail.send", "mail.deliver", "mail.roundtrip"]);
