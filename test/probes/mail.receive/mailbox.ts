import { connect, createServer, type Socket } from "node:net";
import type { Output } from "../../../probes/mail.receive/schema.js";
import { type Report, runReport } from "../../../runner/harness/run.js";
import type { TraceEvent } from "../../../runner/run/recorder.js";
import { testAuthority } from "../../support/certificates.js";
import type { Dovecot } from "../../support/dovecot.js";

export interface Received {
  readonly output: Output;
  readonly trace: readonly TraceEvent[];
}

/** Runs the probe against a dovecot, over implicit TLS where nothing else is said, and does something once it listens. */
export async function receive(dovecot: Dovecot, username: string, more: Record<string, unknown>, onceListening: () => void = () => {}): Promise<Received> {
  const trace: TraceEvent[] = [];
  let isListening = false;
  const note = (event: TraceEvent): void => {
    trace.push(event);
    if (isListening || event.direction !== "received" || !event.text.startsWith("+ idling")) return;
    isListening = true;
    onceListening();
  };
  const login = { username, password: dovecot.users[username] };
  const input = { host: "localhost", port: dovecot.imaps, tls_options: { ca: testAuthority() }, wait_ms: 0, ...login, ...more };
  const report: Report = await runReport("mail.receive", input, { trace: note });
  return { output: report.envelope.output as Output, trace };
}

export interface TestMessage {
  readonly subject: string;
  readonly messageId?: string;
  /** Further header lines, on top. */
  readonly above?: readonly string[];
}

export function testMessage({ subject, messageId, above = [] }: TestMessage): string {
  const lines = [...above, `Subject: ${subject}`, ...(messageId === undefined ? [] : [`Message-ID: ${messageId}`]), "From: ada@example.com", "", "A test.", ""];
  return lines.join("\r\n");
}

/** A way to a port that can be cut. */
export interface Wire {
  readonly port: number;
  readonly connections: number;
  /** Breaks every connection that goes over it now. */
  cut(): void;
  close(): Promise<void>;
}

export function wireTo(target: number): Promise<Wire> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(target, "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const cut = (): void => open.forEach((socket) => void socket.resetAndDestroy());
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () =>
      resolve({
        port: (server.address() as { port: number }).port,
        get connections() {
          return connections;
        },
        cut,
        close() {
          cut();
          return new Promise((closed) => server.close(() => closed()));
        },
      }),
    ),
  );
}
