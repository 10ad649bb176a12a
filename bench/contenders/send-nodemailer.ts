import { connect } from "node:net";
import { createTransport } from "nodemailer";
import { keepInFlight } from "../support/in-flight.js";
import { HELO_DOMAIN } from "./prober.js";
import { messageOf, RECIPIENT, SENDER, SUBJECT, serveSending, textOf } from "./send-rounds.js";

/** Its pool is given bytes that are ready, as our sessions are; without one it makes the message itself, as our probe does. */
serveSending(async ({ port, bodyBytes, total, connections, way, noDelay }) => {
  const common = {
    host: "127.0.0.1",
    port,
    secure: false,
    ignoreTLS: true,
    name: HELO_DOMAIN,
    ...(noDelay ? { getSocket } : {}),
  };
  const transport =
    way === "reused" ? createTransport({ ...common, pool: true, maxConnections: connections, maxMessages: Number.POSITIVE_INFINITY }) : createTransport(common);
  const mail =
    way === "reused"
      ? { envelope: { from: SENDER, to: [RECIPIENT] }, raw: messageOf(bodyBytes) }
      : { from: SENDER, to: RECIPIENT, subject: SUBJECT, text: textOf(bodyBytes) };
  await keepInFlight(total, connections, () => transport.sendMail({ ...mail }));
  transport.close();

  function getSocket(_options: unknown, callback: (error: Error | null, socket: { connection: ReturnType<typeof connect> }) => void): void {
    const connection = connect({ host: "127.0.0.1", port, noDelay: true });
    connection.once("connect", () => callback(null, { connection }));
  }
});
