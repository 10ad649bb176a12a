import { pathToFileURL } from "node:url";
import type { Delivery } from "../../runner/delivery-library.js";
import { keepInFlight } from "../support/in-flight.js";
import { type DeliverRequest, DOMAIN, SELECTOR, serveDelivering } from "./deliver-rounds.js";
import { HELO_DOMAIN } from "./prober.js";
import { messageOf, RECIPIENT, SENDER } from "./send-rounds.js";

// node deliver-ours.js LIBRARY: the package as users get it.
const { createDelivery } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/delivery-library.js");

serveDelivering(async (request) => {
  const delivery = serviceFor(request);
  const mail = { mail_from: SENDER, recipients: [RECIPIENT], message: messageOf(request.bodyBytes) };
  await keepInFlight(request.total, request.connections, async () => {
    const { recipients, dkim } = await delivery.send(mail);
    if (recipients[0]?.outcome !== "delivered") throw new Error(`the service says ${JSON.stringify(recipients[0])}`);
    if (request.privateKey !== null && dkim.signatures.length === 0) throw new Error(`it is not signed: ${JSON.stringify(dkim.problems)}`);
  });
  await delivery.close();
});

function serviceFor({ port, connections, privateKey }: DeliverRequest): Delivery {
  return createDelivery({
    env: {},
    mode: "relay",
    relays: [{ host: "127.0.0.1", port, tls: { mode: "none" } }],
    helo_domain: HELO_DOMAIN,
    limits: { sessions_per_site: connections, messages_per_session: 10_000 },
    ...(privateKey === null ? {} : { dkim: [{ domain: DOMAIN, selector: SELECTOR, private_key: privateKey }] }),
  });
}
