import type { Writable } from "node:stream";
import type { Backend } from "../backend.js";
import { asQueueError } from "./errors.js";
import { LineSink } from "./line-sink.js";

/** Results as lines on the standard output. They are stored when whoever reads it has taken them: a pipe keeps nothing for long. */
export async function openStdout(stream: Writable = process.stdout): Promise<Backend> {
  const address = "stdout:";
  // The callback of each write tells; without a listener the stream would end the process.
  const ignore = (): void => undefined;
  stream.on("error", ignore);
  const results = new LineSink(address, (lines) => write(stream, lines, address));
  return {
    address,
    jobs: null,
    results,
    async close() {
      await results.close();
      stream.off("error", ignore);
    },
  };
}

function write(stream: Writable, lines: string, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(lines, (error) => (error ? reject(asQueueError(error, address)) : resolve()));
  });
}
