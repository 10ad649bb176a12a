import type { Arguments } from "./arguments.js";
import { BadCommand } from "./bad-command.js";
import type { Outcome, Session } from "./session-state.js";
import { LIMITS } from "./settings.js";

/** RFC 2177: reports changes of the folder as they happen, until the client sends DONE. */
export async function runIdle(session: Session, given: Arguments): Promise<Outcome> {
  given.end();
  const { peer, server, view } = session;
  await peer.write("+ idling\r\n");
  const stopListening = server.store.onChange((folder) => {
    if (view !== null && folder === view.folder) void session.tell(...view.news());
  });
  try {
    // A change between the last response and this command would otherwise be reported with the next change only.
    if (view !== null) await session.tell(...view.news());
    const line = await peer.readLine({ limit: LIMITS.commandLine, timeoutMs: server.idleMs });
    if (line === null) return { text: "NO nothing heard, goodbye", close: true };
    if (line.text.toUpperCase() !== "DONE") throw new BadCommand("expected DONE");
    return { text: "OK IDLE done" };
  } finally {
    stopListening();
  }
}
