import type { Deadline } from "../../run/deadline.js";
import { processWide } from "../../support/process-wide.js";
import type { Query } from "./message.js";
import type { ServerAddress } from "./server-address.js";
import type { Cancel, Outcome } from "./udp.js";

/** Sends a query over TLS or HTTPS and waits for its reply, until it is cancelled. */
export type AskEncrypted = (server: ServerAddress, query: Query, done: (outcome: Outcome) => void) => Cancel;

/**
 * TLS and HTTP stand on connections, and connections on this resolver. So their module is registered here, by the table of capabilities, and loaded at
 * the first query that needs it.
 */
const transports = processWide<{ load: (() => Promise<AskEncrypted>) | null }>("dns-encrypted", () => ({ load: null }));

/** Runs that may ask again, and questions under way: while there are any, connections stay open. */
const uses = processWide<{ count: number; close: (() => void) | null }>("dns-encrypted-uses", () => ({ count: 0, close: null }));
const waitingRuns = processWide("dns-encrypted-runs", () => new WeakSet<Deadline>());

/** Connections to these servers stay open until the run is over, if they are encrypted: its next question needs none of its own. */
export function keepConnectionsFor(deadline: Deadline, servers: readonly string[] | undefined): void {
  if (servers === undefined || waitingRuns.has(deadline) || !servers.some((server) => server.includes("://"))) return;
  waitingRuns.add(deadline);
  uses.count += 1;
  deadline.atRelease(endUse);
}

export async function closeWhenUnused<Result>(question: () => Promise<Result>, close: () => void): Promise<Result> {
  uses.count += 1;
  uses.close = close;
  try {
    return await question();
  } finally {
    endUse();
  }
}

function endUse(): void {
  uses.count -= 1;
  if (uses.count > 0) return;
  uses.close?.();
  uses.close = null;
}

export function provideEncryptedQueries(load: () => Promise<AskEncrypted>): void {
  transports.load = load;
}

export function askEncrypted(server: ServerAddress, query: Query, done: (outcome: Outcome) => void): Cancel {
  const { load } = transports;
  if (load === null) throw new Error("no transport is registered for encrypted queries: import runner/capabilities.ts");
  let isWanted = true;
  let cancel: Cancel = () => {};
  void load().then((ask) => {
    if (isWanted) cancel = ask(server, query, done);
  });
  return () => {
    isWanted = false;
    cancel();
  };
}
