import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { probe } from "../../bench/contenders/bare-prober.js";
import { type Listener, listen } from "../../runner/net/transport/listen.js";

const REPLIES = new Map([
  ["EHLO bench.example", "250-bench.example\r\n250-SIZE 1000\r\n250 8BITMIME\r\n"],
  ["NOOP", "250 2.0.0 OK\r\n"],
  ["QUIT", "221 2.0.0 bye\r\n"],
]);

let listener: Listener | null = null;
afterEach(() => listener?.close());

// A loop that took half a reply for a whole one would be faster than any honest client.
describe("the bare loop", () => {
  test.each(["whole", "byte by byte"])("waits for the whole reply to each command: %s", async (delivery) => {
    const { port, commands } = await serve(REPLIES, delivery === "whole" ? writeWhole : writeBytes);
    const answer = await probe(port);
    expect(answer.text).toBe("2.0.0 OK");
    expect(commands).toEqual(["EHLO bench.example", "NOOP", "QUIT"]);
  });

  test("times NOOP", async () => {
    const { port } = await serve(REPLIES, async (socket, text) => {
      await sleep(30);
      socket.write(text);
    });
    const { milliseconds } = await probe(port);
    expect(milliseconds).toBeGreaterThan(29);
    expect(milliseconds).toBeLessThan(500);
  });

  test("fails when a command is refused", async () => {
    const { port } = await serve(new Map([...REPLIES, ["NOOP", "421 4.0.0 later\r\n"]]), writeWhole);
    await expect(probe(port)).rejects.toThrow("step 2 was answered 421 4.0.0 later");
  });

  test("fails when the server goes", async () => {
    const { port } = await serve(REPLIES, async (socket) => void socket.destroy());
    await expect(probe(port)).rejects.toThrow("the server closed in step 0");
  });
});

type Write = (socket: Socket, text: string) => Promise<void>;

async function writeWhole(socket: Socket, text: string): Promise<void> {
  socket.write(text);
}

async function writeBytes(socket: Socket, text: string): Promise<void> {
  for (const byte of text) {
    await sleep(1);
    socket.write(byte);
  }
}

/** A server that notes a command when it comes, and never expects one while its own reply is not complete. */
async function serve(replies: ReadonlyMap<string, string>, write: Write): Promise<{ port: number; commands: string[] }> {
  const commands: string[] = [];
  listener = await listen(async (socket) => {
    let writing = true;
    socket.setEncoding("latin1");
    socket.on("data", async (text: string) => {
      const command = text.slice(0, -2);
      commands.push(writing ? `too early: ${command}` : command);
      writing = true;
      await write(socket, replies.get(command) as string);
      writing = false;
    });
    await write(socket, "220 bench.example ESMTP\r\n");
    writing = false;
  });
  return { port: listener.port, commands };
}
