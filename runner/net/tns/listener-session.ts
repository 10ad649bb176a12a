import type { Phase } from "../../../schemas/failure.js";
import { monotonic } from "../../run/clock.js";
import { failureError } from "../../run/failure-error.js";
import type { Connection } from "../transport/connection.js";
import { MessageSession } from "../transport/message-session.js";
import { type ListenerAnswer, readListenerAnswer } from "./listener-answer.js";
import { encodeConnect, TnsDecoder } from "./packet.js";

/** A listener asks for the same packet again when it has handed the connection to another process. */
const MAX_RESENDS = 2;

/** One CONNECT on a connection of its own, and its answer. */
export async function askListener(
  connection: Connection,
  { name, phase, data, timeoutMs }: { name: string; phase: Phase; data: string; timeoutMs: number },
): Promise<{ answer: Exclude<ListenerAnswer, { kind: "resend" }>; durationMs: number }> {
  const session = new MessageSession(connection, new TnsDecoder(), timeoutMs);
  let durationMs = 0;
  const answer = await session.operation(name, phase, async (operation) => {
    const began = monotonic();
    for (let resends = 0; resends <= MAX_RESENDS; resends++) {
      session.send(encodeConnect(data));
      const read = readListenerAnswer(await session.next());
      if (read.kind === "resend") continue;
      if (read.kind === "refused") operation.code = read.error;
      operation.message = read.kind === "redirected" ? `redirected to ${read.to}` : read.kind;
      durationMs = session.arrivedAt - began;
      return read;
    }
    throw failureError(phase, "limit_exceeded", `the listener asked for the same packet more than ${MAX_RESENDS} times`);
  });
  return { answer, durationMs };
}
