/** OTLP 1.x as JSON (opentelemetry-proto, "JSON Protobuf Encoding"): ids in hexadecimal, 64-bit integers as strings, enums as numbers. */

export interface KeyValue {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string } | { readonly doubleValue: number } | { readonly boolValue: boolean };
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent for the root. */
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly events?: readonly { readonly timeUnixNano: string; readonly name: string; readonly attributes: readonly KeyValue[] }[];
  readonly status: { readonly code: number; readonly message?: string };
}

export const SPAN_KIND_INTERNAL = 1;
export const SPAN_KIND_CLIENT = 3;
export const STATUS_UNSET = 0;
export const STATUS_ERROR = 2;

/** A value of an attribute is cut here: a banner or a reply may be long. */
const MOST_CHARACTERS = 4096;

/** Attributes that are null are left out. */
export function attributes(values: Readonly<Record<string, string | number | boolean | null>>): KeyValue[] {
  return Object.entries(values).flatMap(([key, value]): KeyValue[] => {
    if (value === null) return [];
    if (typeof value === "string") return [{ key, value: { stringValue: value.slice(0, MOST_CHARACTERS) } }];
    if (typeof value === "boolean") return [{ key, value: { boolValue: value } }];
    return [{ key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } }];
  });
}

/** Milliseconds since 1970, with a fraction, as nanoseconds. A double holds such a moment to the microsecond at best. */
export function nanoseconds(milliseconds: number): string {
  return String(BigInt(Math.round(milliseconds * 1000)) * 1000n);
}
