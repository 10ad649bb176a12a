import type { Socket } from "node:net";
import { listen } from "../../runner/net/transport/listen.js";
import { serve } from "../support/serve.js";
import { sharedTime } from "../support/shared-clock.js";
import { ExactDelay } from "./exact-delay.js";

// node smtp-server.js MS [WATCH_FROM_MS]: answers NOOP after MS milliseconds and reports when it did; anything else at once.
const delay = new ExactDelay(...(process.argv.slice(2).map(Number) as [number, number?]));

interface Arrival {
  readonly socket: Socket;
  readonly text: string;
  readonly at: number;
}

/** Arrivals get their time first and are answered after all of them have theirs: else the last would seem to come late. */
let arrivals: Arrival[] = [];

const listener = await listen((socket) => {
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    if (arrivals.length === 0) setImmediate(answerAll);
    arrivals.push({ socket, text, at: performance.now() });
  });
  socket.on("end", () => socket.destroy());
  socket.write("220 bench.example ESMTP\r\n");
});

serve({ port: listener.port }, async () => null);

function answerAll(): void {
  const arrived = arrivals;
  arrivals = [];
  for (const arrival of arrived) answer(arrival);
}

/** Its clients wait for each reply, so a command is one arrival. */
function answer({ socket, text, at }: Arrival): void {
  if (text === "NOOP\r\n") delay.after(at, (now) => socket.write(`250 2.0.0 sent at ${sharedTime(now).toFixed(4)}\r\n`));
  else if (text === "QUIT\r\n") socket.end("221 2.0.0 bye\r\n");
  else socket.write("250-bench.example\r\n250-PIPELINING\r\n250-SIZE 33554432\r\n250 8BITMIME\r\n");
}
