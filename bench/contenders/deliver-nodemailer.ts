import { connect } from "node:net";
import { createTransport } from "nodemailer";
import { keepInFlight } from "../support/in-flight.js";
import { DOMAIN, SELECTOR, serveDelivering } from "./deliver-rounds.js";
import { HELO_DOMAIN } from "./prober.js";
import { messageOf, RECIPIENT, SENDER } from "./send-rounds.js";

/** Its pool, with what it never does forced upon it: that what it writes leaves at once. */
serveDelivering(async ({ port, bodyBytes, total, connections, privateKey }) => {
  const transport = createTransport({
    host: "127.0.0.1",
    port,
    secure: false,
    ignoreTLS: true,
    name: HELO_DOMAIN,
    pool: true,
    maxConnections: connections,
    maxMessages: Number.POSITIVE_INFINITY,
    getSocket,
    ...(privateKey === null ? {} : { dkim: { domainName: DOMAIN, keySelector: SELECTOR, privateKey } }),
  });
  const mail = { envelope: { from: SENDER, to: [RECIPIENT] }, raw: messageOf(bodyBytes) };
  await keepInFlight(total, connections, () => transport.sendMail({ ...mail }));
  transport.close();

  function getSocket(_options: unknown, callback: (error: Error | null, socket: { connection: ReturnType<typeof connect> }) => void): void {
    const connection = connect({ host: "127.0.0.1", port, noDelay: true });
    connection.once("connect", () => callback(null, { connection }));
  }
});
