import { MECHANISMS } from "../smtp/mechanisms.js";
import type { Session } from "./session-state.js";

/** Capabilities that need no state in this server. */
export const CAPABILITIES = ["SASL-IR", "LITERAL+", "ID", "IDLE", "NAMESPACE", "UIDPLUS", "UNSELECT", "SPECIAL-USE"] as const;

/** RFC 9051, 6.1.1: the capabilities in this state of the connection. */
export function capabilitiesOf(session: Session): string {
  const { server, secure, username } = session;
  const words = ["IMAP4rev1", ...server.capabilities];
  if (server.tls === "starttls" && !secure) words.push("STARTTLS");
  if (username === null) words.push(...(mayLogIn(session) ? [...MECHANISMS.keys()].map((name) => `AUTH=${name}`) : ["LOGINDISABLED"]));
  return words.join(" ");
}

/** RFC 9051, 11.1: no password in plain text if the server supports TLS. */
export function mayLogIn({ server, secure }: Session): boolean {
  return secure || server.tls === "none";
}
