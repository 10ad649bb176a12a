import { Resolver } from "node:dns/promises";
import { serveLookUps } from "./look-ups.js";

// node dns-node.js: c-ares, as Node brings it.
const resolver = new Resolver();
let asked = "";

serveLookUps(async (domain, { server }) => {
  if (server !== asked) resolver.setServers([server]);
  asked = server;
  const records = await resolver.resolveMx(domain);
  if (records.length === 0) throw new Error(`${domain}: no answer`);
});
