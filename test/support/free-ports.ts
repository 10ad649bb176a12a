import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the range from which systems take the ports of outgoing connections: no other program gets one of them by chance. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Where no server listens. A free port would not do: until it is connected to, the server of another test may have taken it. */
export const CLOSED_PORT = 2;

/** Free ports of the loopback, for servers that cannot choose one themselves. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port }, () => server.close(() => resolve(true)));
  });
}
