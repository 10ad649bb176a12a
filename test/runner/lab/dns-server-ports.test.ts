import { expect, test } from "vitest";
import { startDnsServer } from "../../../runner/lab/dns-server.js";

// Without a memory of ports, some twenty of a thousand would be given again.
test("a name server never has the port of an earlier one of this process, whose answers may be cached", async () => {
  const servers: (string | undefined)[] = [];
  for (let count = 0; count < 1000; count++) {
    const server = await startDnsServer({ zones: ["$ORIGIN example.org.\n@ 300 SOA ns hostmaster 1 3600 600 86400 60\n"] });
    servers.push(server.servers[0]);
    await server.close();
  }
  expect(new Set(servers).size).toBe(1000);
}, 60_000);
