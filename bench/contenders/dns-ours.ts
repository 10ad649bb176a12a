import { pathToFileURL } from "node:url";
import { Resolver } from "../../runner/net/dns/resolver.js";
import { serveLookUps } from "./look-ups.js";

// node dns-ours.js LIBRARY: our resolver, and the probe on it as users get it.
const { run } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");
const resolver = new Resolver();

serveLookUps(async (domain, { server, kind }) => {
  if (kind === "probe") await probe(domain, server);
  else {
    const answer = await resolver.query(domain, "MX", { servers: [server] });
    if (answer.outcome !== "found") throw new Error(`${domain}: ${JSON.stringify(answer)}`);
  }
});

async function probe(domain: string, server: string): Promise<void> {
  const { output } = await run("mail.mx@1", { domain, resolver: { servers: [server] } });
  if (output.status !== "ok") throw new Error(`the probe says ${JSON.stringify(output)}`);
}
