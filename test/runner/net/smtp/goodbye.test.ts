import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { leave } from "../../../../runner/net/smtp/leave.js";
import { SmtpSession } from "../../../../runner/net/smtp/session.js";
import { testRun } from "../../../support/smtp-context.js";

/** Greets with 421. Closes with it, closes when it has heard QUIT, or answers QUIT as if it had not said 421. */
const SERVERS = {
  "closes at once": (socket: Socket) => socket.resume().end("421 4.3.2 busy\r\n"),
  "closes a little later": (socket: Socket) => {
    socket.write("421 4.3.2 busy\r\n");
    socket.once("data", () => socket.end());
  },
  "waits for QUIT": (socket: Socket) => {
    socket.write("421 4.3.2 busy\r\n");
    socket.once("data", () => socket.end("221 2.0.0 bye\r\n"));
  },
} as const;

test.each([
  ["closes at once", []],
  ["closes a little later", []],
  ["waits for QUIT", ["QUIT"]],
] as const)("after a 421 a server that %s leaves these traces of a goodbye: %j", async (kind, expected) => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    SERVERS[kind](socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const { state, context } = testRun(10_000);
  try {
    const target = { host: "127.0.0.1", port, address_family: "any", connect_timeout_ms: 5000, command_timeout_ms: 5000 } as const;
    const session = await SmtpSession.connect(context, target);
    expect((await session.greet()).code).toBe(421);
    await leave(session);
    expect(state.recorder.operations.map(({ name }) => name)).toEqual(["connect", "greeting", ...expected]);
  } finally {
    state.deadline.release();
    await new Promise((resolve) => server.close(resolve));
  }
});
