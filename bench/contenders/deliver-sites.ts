import { pathToFileURL } from "node:url";
import { serve } from "../support/serve.js";
import { HELO_DOMAIN } from "./prober.js";
import { messageOf, SENDER } from "./send-rounds.js";

export interface ServeSitesRequest {
  readonly port: number;
  readonly servers: readonly string[];
  readonly healthy: number;
  /** Measured first, so that they have no advantage from a warm process. */
  readonly dead: number;
  readonly slow: number;
  readonly messagesEach: number;
}

export interface ServeSitesAnswer {
  /** Until every message for a healthy site was delivered. */
  readonly milliseconds: number;
}

const BODY_BYTES = 1024;
/** Nothing that is sick answers within it. */
const TIMEOUT_MS = 20_000;

// node deliver-sites.js LIBRARY: the package as users get it.
const { createDelivery } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/delivery-library.js");

serve<ServeSitesRequest>("ready", async ({ port, servers, healthy, dead, slow, messagesEach }) => {
  const delivery = createDelivery({
    env: {},
    helo_domain: HELO_DOMAIN,
    mx_port: port,
    allow_private_addresses: true,
    resolver: { servers: [...servers] },
    tls: { mode: "none" },
    connect_timeout_ms: TIMEOUT_MS,
    command_timeout_ms: TIMEOUT_MS,
    limits: { idle_ms: 0 },
  });
  const message = messageOf(BODY_BYTES);
  const send = (site: string) => delivery.send({ mail_from: SENDER, recipients: [`somebody@${site}.sites.example`], message });
  const all = (kind: string, count: number) => Array.from({ length: count * messagesEach }, (_, index) => send(`${kind}${index % count}`));
  const began = performance.now();
  const sick = [...all("dead", dead), ...all("slow", slow)];
  const reports = await Promise.all(all("healthy", healthy));
  const milliseconds = performance.now() - began;
  const lost = reports.find(({ recipients }) => recipients[0]?.outcome !== "delivered");
  if (lost !== undefined) throw new Error(`a healthy site was not served: ${JSON.stringify(lost.recipients[0])}`);
  await delivery.close();
  await Promise.all(sick);
  return { milliseconds } satisfies ServeSitesAnswer;
});
