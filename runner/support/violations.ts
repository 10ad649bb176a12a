import type { SchemaError } from "../../schemas/contract.js";
import { nameFault, RECORD_TYPES, typeFault } from "../../schemas/dns-types.js";
import { DATE_TIME_BEGINNING, DURATION_PATTERN } from "../../schemas/duration.js";
import { urlFault } from "../../schemas/http-request.js";
import { patternFault } from "../../schemas/regular-expression.js";
import { REFERENCE_PATTERN } from "../../schemas/secret.js";
import { nearest } from "./did-you-mean.js";
import type { Violation } from "./request-error.js";

/** Ajv's errors in readable form: where, what was expected, what was found, and the nearest valid name. */
export function violationsOf(all: readonly SchemaError[]): Violation[] {
  const shown = new Map<string, Violation>();
  for (const error of all) {
    if (isNoise(error, all)) continue;
    const violation = violationOf(error);
    shown.set(`${violation.pointer} ${violation.message}`, violation);
  }
  return [...shown.values()];
}

/** The branches of an anyOf each report why they did not match; one line about the whole says more. */
function isNoise(error: SchemaError, all: readonly SchemaError[]): boolean {
  // A problem with a key is reported by the check of keys itself.
  if (error.keyword === "propertyNames" || error.keyword === "if") return true;
  if (isReference(error.parentSchema) && all.some((other) => isFaultOfText(other, error))) return true;
  return all.some((other) => (other.keyword === "anyOf" || other.keyword === "oneOf") && isInside(error, other) && !isFaultOfText(error, other));
}

function isInside(error: SchemaError, whole: SchemaError): boolean {
  return error !== whole && error.instancePath === whole.instancePath && error.schemaPath.startsWith(`${whole.schemaPath}/`);
}

/** If a text or a reference was expected, an invalid text has its own error, which says more than that neither form matches. */
function isFaultOfText(error: SchemaError, whole: SchemaError): boolean {
  return isInside(error, whole) && error.keyword === "format" && error.params.format === "header-value";
}

function violationOf(error: SchemaError): Violation {
  const { keyword, params, propertyName } = error;
  const instancePath = propertyName === undefined ? error.instancePath : `${error.instancePath}/${inPointer(propertyName)}`;
  if (keyword === "additionalProperties" || keyword === "unevaluatedProperties") {
    const name = String(params.additionalProperty ?? params.unevaluatedProperty);
    const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
    const near = nearest(name, known, 1)[0];
    return {
      pointer: `${error.instancePath}/${inPointer(name)}`,
      message: "there is no such field",
      hint: near === undefined ? `the fields are: ${known.join(", ")}` : `did you mean ${near}?`,
    };
  }
  if (keyword === "dependentRequired")
    return {
      pointer: `${instancePath}/${inPointer(String(params.missingProperty))}`,
      message: `is missing beside ${params.property}${describe(error, String(params.missingProperty))}`,
      hint: null,
    };
  if (keyword === "required")
    return {
      pointer: `${instancePath}/${inPointer(String(params.missingProperty))}`,
      message: `is missing${describe(error, String(params.missingProperty))}`,
      hint: null,
    };
  // The pointer contains the name of a field already; a header's value or a URL may contain a secret.
  if (propertyName !== undefined || NOT_SHOWN.has(String(params.format))) return { pointer: instancePath, message: expectation(error), hint: hintOf(error) };
  const isShown = choiceOf(error.parentSchema) === null && !(instancePath !== "" && mayHoldSecret(error.parentSchema));
  const found = isShown ? `, not ${show(error.data)}` : "";
  return { pointer: instancePath, message: `${expectation(error)}${found}`, hint: hintOf(error) };
}

const NOT_SHOWN: ReadonlySet<string> = new Set(["header-value", "http-url"]);

/** A secret in the wrong form is still a secret: given instead of the object around it, or instead of a reference. */
function mayHoldSecret(schema: Record<string, unknown> | undefined): boolean {
  if (schema === undefined) return false;
  if (schema.pattern === REFERENCE_PATTERN) return true;
  const inside = [...Object.values(schema.properties ?? {}), schema.items] as (Record<string, unknown> | undefined)[];
  return schema["x-secret"] === true || schema["x-secret-name"] === true || schema["x-secret-reference"] === true || inside.some(mayHoldSecret);
}

/** A field's description as the end of a sentence. */
function describe(error: SchemaError, name: string): string {
  const { description = "" } = (error.parentSchema?.properties as Record<string, { description?: string }> | undefined)?.[name] ?? {};
  return description === "" ? "" : `: ${asEnd(description)}`;
}

function asEnd(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1).replace(/\.$/, "")}`;
}

function isReference(schema: Record<string, unknown> | undefined): boolean {
  return ["x-secret", "x-secret-name", "x-secret-reference", "x-reference"].some((annotation) => schema?.[annotation] === true);
}

function expectation(error: SchemaError): string {
  const { keyword, params, parentSchema } = error;
  switch (keyword) {
    case "type":
      if (parentSchema?.pattern === DURATION_PATTERN) return patternWords(DURATION_PATTERN);
      return `must be ${withArticle(String(params.type).replaceAll(",", " or "))}`;
    case "enum":
      return `must be one of ${(params.allowedValues as unknown[]).map((value) => JSON.stringify(value)).join(", ")}`;
    case "const":
      return `must be ${JSON.stringify(params.allowedValue)}`;
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return `must be ${rangeOf(parentSchema ?? {})}`;
    case "minLength":
      return params.limit === 1 ? "must not be empty" : `must have at least ${params.limit} characters`;
    case "maxLength":
      return `must have at most ${params.limit} characters`;
    case "minItems":
      return `must have at least ${params.limit} ${params.limit === 1 ? "item" : "items"}`;
    case "maxItems":
      return `must have at most ${params.limit} items`;
    case "minProperties":
    case "maxProperties":
      return `must have at ${keyword === "minProperties" ? "least" : "most"} ${params.limit} ${params.limit === 1 ? "field" : "fields"}`;
    case "pattern":
      return patternWords(String(params.pattern));
    case "format":
      return FORMATS[String(params.format)] ?? `must be a ${params.format}`;
    case "anyOf":
    case "oneOf":
      if (choiceOf(parentSchema) !== null) return `must have ${choiceOf(parentSchema)}${besideWhich(error)}`;
      return isReference(parentSchema) ? 'must be text, or a reference such as {"secret": "env:NAME"}' : "fits none of the allowed forms";
    default:
      return error.message ?? `breaks the rule ${keyword}`;
  }
}

/** The field that requires the missing one. */
function besideWhich({ schemaPath }: SchemaError): string {
  const [, name] = /\/dependentSchemas\/([^/]+)\/oneOf$/.exec(schemaPath) ?? [];
  return name === undefined ? "" : ` beside ${name}`;
}

/** A schema that requires one or some of several fields; null for any other. */
function choiceOf(schema: Record<string, unknown> | undefined): string | null {
  const branches = (schema?.oneOf ?? schema?.anyOf) as { required?: readonly string[] }[] | undefined;
  const names = branches?.map(({ required }) => (required?.length === 1 ? required[0] : undefined));
  if (names === undefined || names.includes(undefined)) return null;
  return `${schema?.oneOf === undefined ? "at least" : "exactly"} one of ${names.join(", ")}`;
}

/** Times are often written by hand. */
function patternWords(pattern: string): string {
  if (pattern === DURATION_PATTERN) return "must be a time with its unit, such as 30s, 5m or 1h";
  return pattern.startsWith(DATE_TIME_BEGINNING) ? "must be a date and time, such as 2026-01-31T12:00:00Z" : `must match ${pattern}`;
}

const FORMATS: Readonly<Record<string, string>> = {
  host: "must be a host name or an IP address",
  domain: "must be a domain name",
  address: "must be an IP address",
  "name-server": "must be an IP address, with :port where it is not 53, or tls:// or https:// with an IP address, such as tls://192.0.2.1#dns.example.org",
  "one-line": "must be one line, without CR, LF or NUL",
  base64: "must be base64",
  "http-url": "must be an http:// or https:// URL",
  "header-name": "must be the name of a header field",
  "header-value": "must be one line without control characters, and without a blank at its ends",
  "dns-name": "must be a domain name",
  "record-type": "must be a type of record, such as MX or TYPE65",
  "regular-expression": "must be a regular expression that no text makes slow",
};

function rangeOf(schema: Record<string, unknown>): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const kind = schema.type === "integer" ? "a whole number" : "a number";
  if (minimum !== undefined && maximum !== undefined) return `${kind} from ${minimum} to ${maximum}`;
  const bounds = [
    [minimum, "at least"],
    [exclusiveMinimum, "above"],
    [maximum, "at most"],
    [exclusiveMaximum, "below"],
  ].flatMap(([limit, words]) => (limit === undefined ? [] : [`${words} ${limit}`]));
  return `${kind}, ${bounds.join(" and ")}`;
}

function withArticle(words: string): string {
  const plain = words.replace("integer", "whole number").replace("boolean", "true or false value");
  return /^[aeiou]/.test(plain) ? `an ${plain}` : `a ${plain}`;
}

function hintOf(error: SchemaError): string | null {
  const { data, params, keyword } = error;
  if (keyword === "type" && /integer|number/.test(String(params.type)) && typeof data === "string" && /^-?\d+$/.test(data))
    return `write it without quotes: ${data}`;
  if (keyword === "enum" && typeof data === "string") {
    const near = nearest(data, (params.allowedValues as unknown[]).map(String), 1)[0];
    return near === undefined ? null : `did you mean ${JSON.stringify(near)}?`;
  }
  if (keyword === "pattern" && error.parentSchema?.description !== undefined) return String(error.parentSchema.description);
  if (keyword === "format" && params.format === "host" && typeof data === "string") return hostHint(data);
  if (keyword === "format" && params.format === "http-url" && typeof data === "string") return urlFault(data);
  if (keyword === "format" && params.format === "regular-expression" && typeof data === "string") return patternFault(data);
  if (keyword === "format" && params.format === "dns-name" && typeof data === "string") return nameFault(data);
  if (keyword === "format" && params.format === "record-type" && typeof data === "string") return typeHint(data);
  if (keyword === "format" && params.format === "domain" && typeof data === "string")
    return data.includes("@") ? "leave out what stands before the @" : domainHint(data);
  return null;
}

function domainHint(written: string): string | null {
  return hostHint(written) ?? (written.includes("_") ? "a domain has no underscore" : null);
}

function typeHint(written: string): string | null {
  const near = nearest(written, Object.keys(RECORD_TYPES), 1)[0];
  return typeFault(written) ?? (near === undefined ? null : `did you mean ${JSON.stringify(near)}?`);
}

function hostHint(written: string): string | null {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(written)) return "leave the scheme and the path out";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what the hint is about
  if (/[\u0000-\u001f\u007f]/.test(written.trim())) return "take the control characters out";
  if (/[,;\s]/.test(written.trim())) return "one host a run: give an array of inputs for several";
  if (/^[^:]+:\d+$/.test(written)) return "leave the port out here: if the probe takes one, it has its own field";
  if (written !== written.trim()) return "take the white space away";
  if (written.startsWith("[")) return "write an IPv6 address without brackets";
  return null;
}

const SHOWN_CHARACTERS = 80;

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)`;
}

/** A property name within a JSON pointer (RFC 6901, section 3). */
export function inPointer(name: string): string {
  const shown = name.length <= SHOWN_CHARACTERS ? name : `${name.slice(0, SHOWN_CHARACTERS)}…`;
  return shown.replaceAll("~", "~0").replaceAll("/", "~1");
}
