import { failedAssertions, matches, show } from "../../runner/assertions/assertions.js";
import type { Exchange } from "../../runner/net/http/exchange.js";
import { fieldValue } from "../../runner/net/http/message.js";
import { textAtPath, type XmlElement, xmlTree } from "../../runner/xml/xml-tree.js";
import { type Body, readJson, valueAtPointer } from "./json-body.js";
import type { Step, StepResult } from "./schema.js";
import { compileSchema } from "./user-schema.js";

const MAX_SCHEMA_VIOLATIONS = 20;
const MAX_MATCHED_CHARACTERS = 64 * 1024;

/** Checks everything that a step expects, and captures what it names: no failed assertion hides another. */
export function checkResponse(step: Step, exchange: Exchange, result: StepResult, keepSecret: (value: string) => void): void {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(exchange.body?.kept ?? Buffer.alloc(0));
  const expected = step.expect ?? {};
  const fields = exchange.head?.fields ?? [];
  const json = memo(() => {
    const read = readJson(text);
    result.anomalies = read.anomalies;
    return read.body;
  });
  const xml = memo((): Body => xmlBody(text));
  const assert = (target: string, wanted: unknown, actual: unknown): void => void result.assertions.push(assertion(target, wanted, actual));

  const status = expected.status ?? { below: 400 };
  assert("status", Array.isArray(status) ? { in: status } : status, exchange.head?.status);
  for (const [name, wanted] of Object.entries(expected.headers ?? {})) assert(`header ${name}`, wanted, fieldValue(fields, name.toLowerCase()));
  if (expected.body !== undefined) assertText(expected.body, text, assert);
  for (const [pointer, wanted] of Object.entries(expected.json ?? {}))
    result.assertions.push(within(json(), `json ${pointer}`, wanted, (value) => valueAtPointer(value, pointer)));
  for (const [path, wanted] of Object.entries(expected.xml ?? {}))
    result.assertions.push(within(xml(), `xml ${path}`, wanted, (value) => textAtPath(value as XmlElement, path)));
  if (expected.schema !== undefined) checkSchema(expected.schema as object | boolean, json(), result);
  if (expected.max_duration_ms !== undefined) assert("duration", { max: expected.max_duration_ms }, result.duration_ms);
  for (const [name, { json: pointer, xml: path, header, secret }] of Object.entries(step.capture ?? {})) {
    const value =
      header !== undefined
        ? fieldValue(fields, header.toLowerCase())
        : path !== undefined
          ? valueIn(xml(), (root) => textAtPath(root as XmlElement, path))
          : valueIn(json(), (body) => valueAtPointer(body, pointer ?? ""));
    if (value === undefined || value === null) assert(`capture ${name}`, { absent: false }, value);
    else {
      result.captures[name] = typeof value === "string" ? value : JSON.stringify(value);
      if (secret) keepSecret(result.captures[name] as string);
    }
  }
}

function memo<Value>(make: () => Value): () => Value {
  let made: { value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function xmlBody(text: string): Body {
  try {
    return { kind: "xml", value: xmlTree(text) };
  } catch (error) {
    return { kind: "unreadable", why: `it is no XML that is read: ${(error as Error).message}` };
  }
}

function valueIn(body: Body, find: (value: unknown) => unknown): unknown {
  return body.kind === "unreadable" ? undefined : find(body.value);
}

function within(body: Body, target: string, wanted: unknown, find: (value: unknown) => unknown): StepResult["assertions"][number] {
  if (body.kind !== "unreadable") return assertion(target, wanted, find(body.value));
  return { ...assertion(target, wanted, undefined), actual: `the body cannot be read: ${body.why}`, passed: false };
}

function assertion(target: string, wanted: unknown, actual: unknown): StepResult["assertions"][number] {
  const phrases = failedAssertions(wanted, actual);
  return { target, expected: phrases.length > 0 ? phrases.join(" and ") : show(wanted), actual: show(actual), passed: phrases.length === 0 };
}

/** An expression sees more of a body than of a field. */
function assertText(wanted: unknown, text: string, assert: (target: string, wanted: unknown, actual: unknown) => void): void {
  const { matches: pattern, ...others } = (wanted !== null && typeof wanted === "object" && !Array.isArray(wanted) ? wanted : { equals: wanted }) as {
    matches?: string;
  };
  if (pattern !== undefined)
    assert(
      "body",
      { equals: `a text that matches ${pattern}` },
      matches(text, pattern, MAX_MATCHED_CHARACTERS) ? `a text that matches ${pattern}` : text.slice(0, 200),
    );
  if (Object.keys(others).length > 0) assert("body", others, text);
}

function checkSchema(schema: object | boolean, body: Body, result: StepResult): void {
  if (body.kind === "unreadable") {
    result.schema_violations = [{ pointer: "", message: body.why }];
    return;
  }
  const fits = compileSchema(schema);
  if (fits(body.value)) return;
  result.schema_violations = (fits.errors ?? [])
    .slice(0, MAX_SCHEMA_VIOLATIONS)
    .map(({ instancePath, message }) => ({ pointer: instancePath, message: message ?? "does not fit" }));
}
