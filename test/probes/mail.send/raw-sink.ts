import { listen } from "../../../runner/net/transport/listen.js";

export interface RawSink {
  readonly port: number;
  /** Every byte that a client sent, one character a byte; one text a connection. */
  readonly received: readonly string[];
  close(): Promise<void>;
}

/** Answers each line as a server would that knows nothing of dots: only the very end of a message ends it. */
export async function startRawSink(): Promise<RawSink> {
  const received: string[] = [];
  const listener = await listen((socket) => {
    const index = received.push("") - 1;
    let unread = "";
    let isData = false;
    socket.write("220 mx.example.org ESMTP\r\n");
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => {
      received[index] += bytes.toString("latin1");
      unread += bytes.toString("latin1");
      for (;;) {
        const end = isData ? unread.indexOf("\r\n.\r\n") : unread.indexOf("\r\n");
        if (end === -1) return;
        const line = unread.slice(0, end);
        unread = unread.slice(end + (isData ? 5 : 2));
        socket.write(answer(line, isData));
        isData = line === "DATA" && !isData;
      }
    });
  });
  return { port: listener.port, received, close: () => listener.close() };
}

function answer(line: string, isData: boolean): string {
  if (isData) return "250 2.0.0 queued\r\n";
  if (line === "DATA") return "354 go on\r\n";
  if (line.startsWith("EHLO")) return "250-mx.example.org\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
  return line === "QUIT" ? "221 bye\r\n" : "250 ok\r\n";
}
