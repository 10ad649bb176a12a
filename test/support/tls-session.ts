import { type Certificate, listen, serveTls } from "../../runner/net/transport/listen.js";
import { tlsSessionOf } from "../../runner/tls-policy/judge.js";
import type { HostTls, TlsSession } from "../../runner/tls-policy/policy.js";
import { testRun } from "./smtp-context.js";

/** Opens a TLS connection, as the rule has it, to a host that shows this certificate; gives what was met there. */
export async function meet(rule: Pick<HostTls, "servername" | "minVersion">, certificate: Certificate, ca: string): Promise<TlsSession> {
  const server = await listen((socket) => void serveTls(socket, certificate).on("error", () => {}));
  const run = testRun();
  try {
    const connection = await run.context.tcp.connect({ host: server.host, port: server.port, address_family: "any", connect_timeout_ms: 2000 });
    await run.context.tls.secure(connection, { host: rule.servername, min_version: rule.minVersion, ca }, 2000);
    const session = tlsSessionOf(connection);
    connection.close();
    return session;
  } finally {
    run.state.deadline.release();
    await server.close();
  }
}
