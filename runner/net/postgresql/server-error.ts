import type { Phase } from "../../../schemas/failure.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { FieldReader } from "./message.js";

/** An ErrorResponse or a NoticeResponse. */
export interface ServerError {
  readonly severity: string;
  /** SQLSTATE, as 28P01. */
  readonly code: string;
  readonly message: string;
}

const MAX_TEXT_CHARACTERS = 2000;
/** Classes and codes that pass by themselves: a connection that broke, a conflict, too few resources, a server that starts or stops. */
const RETRYABLE = /^(?:08|40|53|57P0[1-5]|55P03)/;
const QUERY_CANCELED = "57014";

export function readServerError(body: Buffer): ServerError {
  const reader = new FieldReader(body);
  const fields = new Map<string, string>();
  for (let field = reader.byte(); field !== 0; field = reader.byte()) fields.set(String.fromCharCode(field), reader.text());
  const text = (name: string): string => (fields.get(name) ?? "").slice(0, MAX_TEXT_CHARACTERS);
  return { severity: text("V") || text("S"), code: text("C"), message: text("M") };
}

export function rejected(phase: Phase, { severity, code, message }: ServerError): FailureError {
  if (code === QUERY_CANCELED) return failureError(phase, "timeout", `the server ended the statement: ${message} (${code})`);
  const { failure } = failureError(phase, "reply_rejected", `${severity}: ${message} (${code})`);
  return new FailureError({ ...failure, retryable: RETRYABLE.test(code) });
}
