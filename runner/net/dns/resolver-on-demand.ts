import type { Resolver } from "./resolver.js";

let resolver: Resolver | null = null;

/** This process's resolver. What speaks DNS is read when something is asked for the first time: a request that is refused does not pay for it. */
export function resolverOnDemand(): Resolver | Promise<Resolver> {
  return resolver ?? load();
}

async function load(): Promise<Resolver> {
  resolver = (await import("./process-resolver.js")).processResolver();
  return resolver;
}
