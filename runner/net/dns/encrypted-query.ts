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
