import { resolve } from "node:path";
import { TranscriptError } from "../../lab/transcript-error.js";
import { playTranscript, type TranscriptServer } from "../../lab/transcript-server.js";
import { counted } from "../../support/counted.js";
import { fileProblem } from "../../support/file-error.js";
import { printableLine } from "../../support/printable.js";
import { RequestError } from "../../support/request-error.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { withTakenPort } from "./taken-port.js";

/** Plays a transcript until Ctrl-C. Exits with 1 if a client deviated from it. */
export async function serveTranscript(file: string, port: number, io: Io): Promise<number> {
  const stopped = new Promise<void>((done) => io.onInterrupt(() => done()));
  const server = await start(file, port, io);
  await io.out(`${JSON.stringify({ target_host: server.host, target_port: server.port })}\n`);
  io.err(`Playing ${file} on ${server.host} port ${server.port} until Ctrl-C.\n`);
  await stopped;
  await server.close();
  io.err(`${counted(server.connections, "connection")}, ${counted(server.mismatches.length, "mismatch", "mismatches")}\n`);
  return server.mismatches.length > 0 ? EXIT.failed : EXIT.ok;
}

async function start(file: string, port: number, io: Io): Promise<TranscriptServer> {
  try {
    return await playTranscript(resolve(io.cwd, file), {
      port,
      onMismatch: ({ connection, line, expected, got }) =>
        io.err(`${file}:${line}: mismatch on connection ${connection}\n  expected: ${printableLine(expected)}\n  got:      ${printableLine(got)}\n`),
    });
  } catch (error) {
    if (error instanceof TranscriptError) {
      const violations = error.problems.map(({ line, message }) => ({ pointer: "", message: `line ${line}: ${message}`, hint: null }));
      throw new RequestError(`${file} cannot be played`, "unreadable_input", violations);
    }
    const { syscall } = error as NodeJS.ErrnoException;
    if (syscall === "open" || syscall === "read") throw new RequestError(fileProblem(file, error), "unreadable_input", []);
    throw withTakenPort(error);
  }
}
