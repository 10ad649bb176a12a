import { createInterface } from "node:readline";

/** What a child process answers requests with. */
export type Answerer<Request> = (request: Request) => Promise<unknown>;

/**
 * The child's half of a conversation in JSON lines: says that it is ready, then answers one request after the other.
 * It ends with its standard input, so that no child outlives the bench.
 */
export function serve<Request>(ready: unknown, answer: Answerer<Request>): void {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => void reply(answer, JSON.parse(line) as Request));
  lines.on("close", () => process.exit(0));
  say(ready);
}

async function reply<Request>(answer: Answerer<Request>, request: Request): Promise<void> {
  try {
    say(await answer(request));
  } catch (error) {
    say({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value ?? null)}\n`);
}
