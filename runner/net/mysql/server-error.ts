import type { Phase } from "../../../schemas/failure.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { PacketReader } from "./packet.js";

/** An ERR packet. */
export interface ServerError {
  /** As 1045. */
  readonly number: number;
  /** Of five characters; empty before the login. */
  readonly state: string;
  readonly message: string;
}

const MAX_TEXT_CHARACTERS = 2000;
/** Too many connections, a server that stops, a lock, a deadlock, too many connections of a user. */
const RETRYABLE: ReadonlySet<number> = new Set([1040, 1053, 1205, 1213, 1203, 1226]);
/** The statement took too long: MariaDB's and MySQL's numbers. */
const TOO_LONG: ReadonlySet<number> = new Set([1969, 3024]);

export function readServerError(body: Buffer): ServerError {
  const reader = new PacketReader(body);
  reader.byte();
  const number = reader.unsigned(2);
  const text = reader.rest().toString("utf8");
  const hasState = text.startsWith("#");
  return { number, state: hasState ? text.slice(1, 6) : "", message: text.slice(hasState ? 6 : 0).slice(0, MAX_TEXT_CHARACTERS) };
}

export function rejected(phase: Phase, { number, message }: ServerError): FailureError {
  if (TOO_LONG.has(number)) return failureError(phase, "timeout", `the server ended the statement: ${message} (${number})`);
  const { failure } = failureError(phase, "reply_rejected", `${message} (${number})`);
  return new FailureError({ ...failure, retryable: RETRYABLE.has(number) });
}
