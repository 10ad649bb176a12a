import { fieldsOfTarget, type Target } from "../harness/target.js";
import { targetsOf } from "./targets.js";

/** What an input is about, for people: by the fields that the probe names as its target, else by those that usually hold one. Null: it names nothing. */
export function targetName(input: unknown, target: Target | undefined): string | null {
  if (input === null || typeof input !== "object") return null;
  const fields = input as Readonly<Record<string, unknown>>;
  const values = target === undefined ? [] : fieldsOfTarget(target).flatMap((field) => fields[field] ?? []);
  // A URL may hold a password.
  const separator = typeof target === "object" && target.port !== undefined ? ":" : ", ";
  if (values.length > 0) return values.map((value) => String(value).replace(/\/\/[^/@]*@/, "//")).join(separator);
  const [first] = targetsOf(fields);
  return first === undefined ? null : [first.host, first.port].filter((part) => part !== null).join(":");
}
