import { pathToFileURL } from "node:url";
import { HELO_DOMAIN } from "./prober.js";
import { serveRcpt } from "./rcpt-tasks.js";

// node rcpt-ours.js LIBRARY: the package as users get it.
const { run } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");

serveRcpt(async (port, emails) => {
  const { output } = await run("mail.rcpt@1", {
    emails: [...emails],
    mx_host: "127.0.0.1",
    mx_port: port,
    allow_private_addresses: true,
    helo_domain: HELO_DOMAIN,
    tls: { mode: "none" },
    catch_all: false,
    addresses_per_connection: 1000,
  });
  if (output.results.some(({ category }) => category !== "accept")) throw new Error(`the probe says ${JSON.stringify(output.failure)}`);
});
