import type { Field, HttpRequest } from "../../runner/net/http/message.js";
import { fieldsOf } from "../../runner/net/http/request.js";
import { failureError } from "../../runner/run/failure-error.js";
import type { SecretKeeper } from "../../runner/run/secret-keeper.js";
import { isFieldValue } from "../../schemas/http-request.js";
import { resolved } from "../../schemas/secret.js";
import type { Input, Step } from "./schema.js";

export type Captures = Readonly<Record<string, string>>;

/** The request of a step, with what earlier steps captured in its places. */
export function requestOf(input: Input, step: Step, captures: Captures, secrets: Pick<SecretKeeper, "keep">): HttpRequest {
  const path = filled(step.path, captures, encodeURIComponent);
  const content = bodyOf(step, captures);
  const usual: Field[] = [
    ["User-Agent", "probe-run"],
    ["Accept", "application/json, */*;q=0.5"],
    ...(step.json === undefined ? [] : [["Content-Type", "application/json"] as Field]),
  ];
  const headers = { ...input.headers, ...step.headers };
  const fields = fieldsOf({ headers, ...(input.auth === undefined ? {} : { auth: input.auth }) }, usual, secrets).map(
    ([name, value]): Field => [name, headerValue(name, filled(value, captures))],
  );
  return { method: step.method, url: new URL(path, input.url), fields, body: content === null ? null : Buffer.from(content), version: input.version };
}

function bodyOf({ json, body }: Step, captures: Captures): string | null {
  if (json !== undefined) return JSON.stringify(filledAll(json, captures));
  return body === undefined ? null : filled(resolved(body), captures);
}

function filledAll(value: unknown, captures: Captures): unknown {
  if (typeof value === "string") return filled(value, captures);
  if (Array.isArray(value)) return value.map((item) => filledAll(item, captures));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filledAll(item, captures)]));
}

function filled(text: string, captures: Captures, encode: (value: string) => string = (value) => value): string {
  return text.replace(/\$\{([A-Za-z_][A-Za-z0-9_]{0,63})\}/g, (written, name: string) =>
    Object.hasOwn(captures, name) ? encode(captures[name] as string) : written,
  );
}

/** A captured value is the server's word: it must not add fields to the header. */
function headerValue(name: string, value: string): string {
  if (isFieldValue(value)) return value;
  throw failureError("request", "not_permitted", `what would be sent as the header ${name} has control characters, or a blank at an end`);
}
