import { expect, test } from "vitest";
import { read, sourcesIn } from "./files.js";

/** What a timer of the wire code does besides judging that a peer is silent. */
const PLAIN_TIMERS: Readonly<Record<string, string>> = {
  "runner/net/dns/server-bounds.ts": "sends the next question when its rate allows it",
  "runner/net/http/bounded-connections.ts": "bounds what a client of our own listeners may take",
  "runner/net/transport/connection.ts": "reads nothing for a while",
};

test("wire code judges a timeout by startTimeout or by the run's deadline, which read first what came in time", () => {
  const plain = sourcesIn("runner/net").filter((path) => /\bsetTimeout\(/.test(read(path)));
  expect(plain).toEqual(Object.keys(PLAIN_TIMERS));
});
