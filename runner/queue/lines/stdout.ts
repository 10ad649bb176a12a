import type { Writable } from "node:stream";
import type { Backend } from "../backend.js";
import { asQueueError } from "./errors.js";
import { LineSink } from "./line-sink.js";

/** Results as lines on standard output. A line counts as stored once the pipe has taken it. */
export async function openStdout(stream: Writable = process.stdout): Promise<Backend> {
  const address = "stdout:";
  // The callback of each write reports its error; without a listener, the stream would end the process.
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
