import { isAddress } from "../../schemas/host.js";

/** The input fields that `mx.example.org:587`, `[2001:db8::7]:25` or `192.0.2.7` sets. */
export interface HostTarget<Field extends string = string> {
  readonly host: Field;
  /** If absent, the whole word goes to `host`. */
  readonly port?: Field;
  /** For an IP address, if it is another field than `host`. */
  readonly address?: Field;
}

/** The input fields that a word on the command line sets: one field, or a host and its port. A list field gets the word as its only item. */
export type Target<Field extends string = string> = Field | HostTarget<Field>;

/** All fields of an input, even if its contract has several shapes. */
export type FieldOf<Given> = Given extends unknown ? keyof Given & string : never;

/** The part of an input's JSON Schema that lists its fields. */
export interface InputSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: unknown }>>;
}

/** The target fields that the input does not have. An older contract may lack some. */
export function missingFields(target: Target, { properties = {} }: InputSchema): string[] {
  return fieldsOfTarget(target).filter((field) => !Object.hasOwn(properties, field));
}

export function fieldsOfTarget(target: Target): string[] {
  return typeof target === "string" ? [target] : [target.host, target.address, target.port].filter((field) => field !== undefined);
}

/** The input for a word. The contract decides whether its values are valid. */
export function inputFromTarget(target: Target, { properties = {} }: InputSchema, word: string): Record<string, unknown> {
  return Object.fromEntries(valuesOf(target, word).map(([field, value]) => [field, fitted(value, properties[field])]));
}

function valuesOf(target: Target, word: string): [field: string, value: string][] {
  if (typeof target === "string") return [[target, withoutBrackets(word)]];
  const { host, port } = target.port === undefined ? { host: word, port: null } : splitPort(word);
  const bare = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
  const first: [string, string] = [target.address !== undefined && isAddress(bare) ? target.address : target.host, bare];
  return port === null || target.port === undefined ? [first] : [first, [target.port, port]];
}

/** `[2001:db8::7]` is an address, also where no port can follow it. */
function withoutBrackets(word: string): string {
  const inside = /^\[(.*)\]$/.exec(word)?.[1];
  return inside !== undefined && isAddress(inside) ? inside : word;
}

/** `2001:db8::1` is an address without a port. */
function splitPort(word: string): { host: string; port: string | null } {
  const [, host, port] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(word) ?? [];
  return host === undefined || port === undefined ? { host: word, port: null } : { host, port };
}

/** A word is text, but its field may be a number or a list. */
function fitted(value: string, { type }: { readonly type?: unknown } = {}): unknown {
  if (type === "array") return [value];
  return type === "integer" || type === "number" ? Number(value) : value;
}
