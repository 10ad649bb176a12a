import { crc32 } from "node:zlib";
import type { Phase } from "../../../schemas/failure.js";
import type { Attempt } from "../../../schemas/network.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { type Exchange, type HttpContext, type HttpOptions, newExchange } from "../http/exchange.js";
import { type Field, fieldValue } from "../http/message.js";
import { send } from "../http/send.js";

import { type Signer, signatureFields } from "./signature.js";

/** The service that requests go to, and what is learned about it. */
export interface DynamoSession {
  readonly url: URL;
  readonly options: Omit<HttpOptions, "body" | "upgraded" | "isEnough">;
  /** Null: requests are not signed. */
  readonly signer: Omit<Signer, "at"> | null;
  readonly attempts: Attempt[];
  tls: TlsFacts | null;
  /** The last error. */
  error: DynamoError | null;
}

export interface DynamoError {
  /** As ResourceNotFoundException. */
  readonly code: string;
  readonly message: string;
}

export interface DynamoAnswer {
  readonly document: Readonly<Record<string, unknown>>;
  /** Null if the request was carried out. */
  readonly error: DynamoError | null;
  readonly status: number;
  /** From sending the request to the end of its answer. */
  readonly duration_ms: number;
  /** The service's clock, in milliseconds since 1970; to the second. */
  readonly server_time: number | null;
}

/** An answer has at most 1 MB of items, which JSON makes longer. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_TEXT_CHARACTERS = 2000;
const MEDIA_TYPE = "application/x-amz-json-1.0";
/** The service is busy, or asks for fewer requests. */
const RETRYABLE: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "ThrottlingException",
  "LimitExceededException",
  "InternalServerError",
  "ServiceUnavailable",
]);

/** One action of the DynamoDB API, on a connection of its own. */
export async function ask(context: HttpContext, session: DynamoSession, action: string, parameters: object): Promise<DynamoAnswer> {
  const body = JSON.stringify(parameters);
  const fields: Field[] = [
    ["Content-Type", MEDIA_TYPE],
    ["X-Amz-Target", `DynamoDB_20120810.${action}`],
  ];
  const { url, signer } = session;
  const unsigned = { method: "POST", path: url.pathname, host: url.host, fields, body };
  const signature = signer === null ? [] : signatureFields(unsigned, { ...signer, at: new Date() });
  const exchange = newExchange({
    method: "POST",
    url,
    fields: [...fields, ["Accept-Encoding", "identity"], ["User-Agent", "probe-run"], ...signature],
    body: Buffer.from(body),
    version: "1.1",
  });
  try {
    await send(context, exchange, { ...session.options, body: () => ({ most_bytes: MAX_ANSWER_BYTES, kept_bytes: MAX_ANSWER_BYTES }) });
  } finally {
    session.attempts.push(...exchange.attempts);
    session.tls ??= exchange.tls;
  }
  const answer = readAnswer(exchange);
  if (answer.error !== null) session.error = answer.error;
  return answer;
}

export function rejected(phase: Phase, { error, status }: DynamoAnswer): FailureError {
  const { code, message } = error as DynamoError;
  const { failure } = failureError(phase, "reply_rejected", `${message || "no explanation"} (${code}, HTTP ${status})`);
  return new FailureError({ ...failure, reply_code: status, retryable: status >= 500 || RETRYABLE.has(code) });
}

function readAnswer({ head, body, phases }: Exchange): DynamoAnswer {
  const { status = 0, fields = [] } = head ?? {};
  const kept = body?.kept ?? Buffer.alloc(0);
  if (body?.truncated === true) throw failureError("body", "limit_exceeded", `an answer of more than ${MAX_ANSWER_BYTES} bytes`);
  checkSum(fieldValue(fields, "x-amz-crc32"), kept);
  const document = readObject(kept);
  if (document === null || (status === 200) === "__type" in document)
    throw failureError(
      "body",
      "protocol_violation",
      `the answer is not DynamoDB's: HTTP ${status}, ${kept.length} bytes of ${fieldValue(fields, "content-type") ?? "no type"}`,
    );
  const time = Date.parse(fieldValue(fields, "date") ?? "");
  const { request_ms, first_byte_ms, headers_ms, body_ms } = phases;
  return {
    document,
    error: status === 200 ? null : errorOf(document),
    status,
    duration_ms: Math.round(((request_ms ?? 0) + (first_byte_ms ?? 0) + (headers_ms ?? 0) + (body_ms ?? 0)) * 1000) / 1000,
    server_time: Number.isNaN(time) ? null : time,
  };
}

/** The service states the sum of the body, because proxies have changed bodies. */
function checkSum(written: string | null, bytes: Buffer): void {
  if (written !== null && Number(written) !== crc32(bytes))
    throw failureError("body", "protocol_violation", `the answer's CRC-32 is ${crc32(bytes)}, and x-amz-crc32 says ${written.slice(0, 20)}`);
}

function readObject(bytes: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** `__type` is a name with a namespace, as com.amazonaws.dynamodb.v20120810#ResourceNotFoundException. */
function errorOf(document: Readonly<Record<string, unknown>>): DynamoError {
  const text = (value: unknown): string => (typeof value === "string" ? value.slice(0, MAX_TEXT_CHARACTERS) : "");
  const type = text(document.__type);
  return { code: type.slice(type.lastIndexOf("#") + 1) || "an error without a name", message: text(document.message) || text(document.Message) };
}
