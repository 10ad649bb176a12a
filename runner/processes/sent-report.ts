import type { Carried } from "../../schemas/carried.js";
import type { Report } from "../harness/run.js";
import { RequestError } from "../support/request-error.js";
import type { SentError, SentReport } from "./messages.js";

// Between processes everything is JSON. Most outputs, queue payloads and carried fields are one object: it is sent once.

export function sentReport({ envelope: { output, queue }, carried, probe, version }: Report): SentReport {
  return { output, queue: queue === output ? null : queue, carried: carried === output ? null : carried, probe, version };
}

export function receivedReport({ output, queue, carried, probe, version }: SentReport): Report {
  return { envelope: { output, queue: queue ?? output }, carried: carried ?? (output as Carried), probe, version };
}

export function sentError(error: unknown): SentError {
  const { name, message, stack = null } = error instanceof Error ? error : new Error(String(error));
  return { name, message, stack, request: error instanceof RequestError ? { code: error.code, violations: error.violations, summary: error.summary } : null };
}

export function receivedError({ name, message, stack, request }: SentError): Error {
  if (request !== null) return new RequestError(request.summary, request.code, request.violations);
  const error = new Error(message);
  error.name = name;
  if (stack !== null) error.stack = stack;
  return error;
}
