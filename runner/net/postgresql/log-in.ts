import { createHash } from "node:crypto";
import { failureError } from "../../run/failure-error.js";
import type { SaslExchange, SaslResponse } from "../sasl/exchange.js";
import { CHANNEL_BINDING, scramSha256 } from "../sasl/scram-sha-256.js";
import { serverEndPoint } from "../transport/channel-binding.js";
import { encodeMessage, FieldReader, int32, type PostgresMessage } from "./message.js";
import type { PostgresSession } from "./session.js";

/** The Authentication messages of the protocol. */
const REQUEST = { ok: 0, cleartext: 3, md5: 5, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;
const OTHER_METHODS: Readonly<Record<number, string>> = { 2: "Kerberos V5", 6: "SCM", 7: "GSSAPI", 9: "SSPI" };
const MAX_MECHANISMS = 16;

export type AuthMethod = "none" | "cleartext" | "md5" | "SCRAM-SHA-256" | "SCRAM-SHA-256-PLUS" | "other";

export interface LoginRequest {
  readonly method: AuthMethod;
  /** Of md5. */
  readonly salt: Buffer;
  /** The method's name where it is another. */
  readonly words: string;
}

export interface Login {
  readonly username: string;
  readonly password: string;
  readonly channelBinding: "prefer" | "require" | "disable";
}

/** What kind of login the server wants. */
export function readLoginRequest({ body }: PostgresMessage): LoginRequest {
  const reader = new FieldReader(body);
  const code = reader.int32();
  const request = (method: AuthMethod, salt: Buffer = Buffer.alloc(0), words: string = method): LoginRequest => ({ method, salt, words });
  if (code === REQUEST.ok) return request("none");
  if (code === REQUEST.cleartext) return request("cleartext");
  if (code === REQUEST.md5) return request("md5", reader.take(4));
  if (code !== REQUEST.sasl) return request("other", undefined, OTHER_METHODS[code] ?? `method ${code}`);
  const mechanisms: string[] = [];
  for (let name = reader.text(); name !== "" && mechanisms.length < MAX_MECHANISMS; name = reader.text()) mechanisms.push(name);
  if (mechanisms.includes("SCRAM-SHA-256-PLUS")) return request("SCRAM-SHA-256-PLUS");
  return mechanisms.includes("SCRAM-SHA-256") ? request("SCRAM-SHA-256") : request("other", undefined, `SASL ${mechanisms.join(" ").slice(0, 200)}`);
}

/** Logs in as the server wishes, and gives the method that was used. Whether a readable password may be sent was judged before. */
export async function logIn(session: PostgresSession, request: LoginRequest, login: Login): Promise<AuthMethod> {
  if (request.method === "SCRAM-SHA-256" || request.method === "SCRAM-SHA-256-PLUS") return scram(session, request.method, login);
  if (login.channelBinding === "require")
    throw failureError("auth", "unsupported", `the server wants ${request.words}, which cannot be bound to the TLS session`);
  const answer = request.method === "md5" ? md5Answer(login, request.salt) : login.password;
  session.connection.run.secrets.keepWhole(answer);
  await session.operation("auth", "auth", async () => {
    session.send(encodeMessage("p", answer));
    requireOk(await session.expect("R"));
  });
  return request.method;
}

/** RFC 7677, with the server's certificate if the server can bind the login to it. */
async function scram(session: PostgresSession, offered: AuthMethod, { username, password, channelBinding }: Login): Promise<AuthMethod> {
  const endPoint = channelBinding === "disable" ? null : serverEndPoint(session.connection);
  const isBound = offered === "SCRAM-SHA-256-PLUS" && endPoint !== null;
  if (channelBinding === "require" && !isBound)
    throw failureError(
      "auth",
      "unsupported",
      `the login cannot be bound to the TLS session: ${endPoint === null ? "there is none, or its certificate does not allow it" : "the server does not offer it"}`,
    );
  const method = isBound ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256";
  const unbound = endPoint === null ? CHANNEL_BINDING.none : CHANNEL_BINDING.notOffered;
  const exchange = scramSha256(username, password, undefined, isBound ? CHANNEL_BINDING.serverEndPoint(endPoint) : unbound);
  await session.operation("auth", "auth", () => carry(session, method, exchange));
  return method;
}

async function carry(session: PostgresSession, method: string, exchange: SaslExchange): Promise<void> {
  const initial = Buffer.from(exchange.initial?.text ?? "");
  session.send(encodeMessage("p", method, int32(initial.length), initial));
  for (;;) {
    const { body } = await session.expect("R");
    const reader = new FieldReader(body);
    const code = reader.int32();
    if (code === REQUEST.ok) break;
    if (code !== REQUEST.saslContinue && code !== REQUEST.saslFinal) throw failureError("auth", "protocol_violation", `request ${code} within a SASL exchange`);
    const response = await exchange.respond(reader.take(reader.left));
    if (code === REQUEST.saslContinue) session.send(encodeMessage("p", kept(session, response)));
  }
  const doubt = exchange.doubt();
  if (doubt !== null) throw failureError("auth", "protocol_violation", doubt);
}

/** A hostile server may send back what it was sent. */
function kept({ connection }: PostgresSession, { text, proof }: SaslResponse): Buffer {
  for (const secret of proof === undefined ? [text] : [text, proof]) connection.run.secrets.keepWhole(secret);
  return Buffer.from(text);
}

function md5Answer({ username, password }: Login, salt: Buffer): string {
  const inner = md5(Buffer.from(password + username));
  return `md5${md5(Buffer.concat([Buffer.from(inner), salt]))}`;
}

function md5(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("hex");
}

function requireOk({ body }: PostgresMessage): void {
  if (new FieldReader(body).int32() !== REQUEST.ok) throw failureError("auth", "protocol_violation", "the server wants a second login");
}
