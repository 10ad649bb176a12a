import { requireCover } from "../../runner/data/secure.js";
import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { errorCode, type RedisSession, rejected, summaryOf } from "../../runner/net/redis/session.js";
import { failureError } from "../../runner/run/failure-error.js";
import { resolved } from "../../schemas/secret.js";
import type { Input, Output } from "./schema.js";

export type Ctx = Context<"tcp" | "tls">;

/** The first PING finds out whether the server answers without a login. A server that wants none refuses one. */
export async function logIn({ auth }: Input, session: RedisSession, evidence: Evidence<Output>): Promise<void> {
  const { reply } = await session.command("greeting", "PING");
  const code = errorCode(reply);
  if (code === "NOAUTH") evidence.anonymous_access = false;
  else if (code === null) {
    if (reply.type !== "status" || reply.text !== "PONG") throw failureError("greeting", "protocol_violation", `PING was answered with ${summaryOf(reply)}`);
    evidence.anonymous_access = true;
  }
  // An access list may forbid PING to a user who may do other things.
  else if (code !== "NOPERM") throw rejected("greeting", "the server refuses the session", reply);
  if (auth === undefined) {
    if (code === "NOAUTH") throw rejected("auth", "the server wants a login", reply);
    return;
  }
  evidence.auth = { method: null, accepted: false };
  requireCover(session.connection, auth.allow_plaintext);
  evidence.auth.method = "AUTH";
  const names = auth.username === undefined ? [] : [resolved(auth.username)];
  const answer = (await session.command("auth", "AUTH", ...names, resolved(auth.password))).reply;
  if (errorCode(answer) !== null) throw rejected("auth", "the server refuses the login", answer);
  evidence.auth.accepted = true;
}
