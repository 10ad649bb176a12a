import { createHmac, randomBytes } from "node:crypto";
import { timingSafeEqualText } from "../../support/timing-safe-equal.js";
import { AuthRefusal } from "./auth-refusal.js";
import type { Exchange, Mechanism } from "./exchange.js";
import { reply } from "./reply.js";
import { scramSha256 } from "./scram.js";
import type { Account } from "./settings.js";

/** The strongest first, as clients take the first they know. */
export const MECHANISMS: ReadonlyMap<string, Mechanism> = new Map<string, Mechanism>([
  ["SCRAM-SHA-256", scramSha256],
  ["CRAM-MD5", cramMd5],
  ["PLAIN", plain],
  ["LOGIN", login],
  ["XOAUTH2", xoauth2],
]);

/** RFC 4616: authorization identity NUL user name NUL password. */
async function plain(exchange: Exchange, account: Account): Promise<boolean> {
  const parts = (await exchange.first()).toString("utf8").split("\0");
  if (parts.length !== 3) throw new AuthRefusal(reply(501, "5.5.2 expected identity NUL user NUL password"));
  const [identity, username, password] = parts as [string, string, string];
  // An authorization identity other than the login is not supported here.
  return (
    (identity === "" || identity === account.username) && timingSafeEqualText(username, account.username) && timingSafeEqualText(password, account.password)
  );
}

/** Written down nowhere but in a draft (draft-murchison-sasl-login): two prompts, which some clients compare. */
async function login(exchange: Exchange, account: Account): Promise<boolean> {
  const username = exchange.hasInitial ? await exchange.first() : await exchange.ask("Username:");
  const password = await exchange.ask("Password:");
  return timingSafeEqualText(username.toString("utf8"), account.username) && timingSafeEqualText(password.toString("utf8"), account.password);
}

/** RFC 2195: user name, space, and the keyed MD5 of the challenge in hex. */
async function cramMd5(exchange: Exchange, account: Account): Promise<boolean> {
  if (exchange.hasInitial) throw new AuthRefusal(reply(501, "5.7.0 CRAM-MD5 takes no initial response"));
  const challenge = `<${randomBytes(12).toString("hex")}.${Date.now()}@lab.localhost>`;
  const answer = (await exchange.ask(challenge)).toString("utf8");
  const space = answer.lastIndexOf(" ");
  const digest = createHmac("md5", account.password).update(challenge).digest("hex");
  return timingSafeEqualText(answer.slice(0, Math.max(0, space)), account.username) && timingSafeEqualText(answer.slice(space + 1), digest);
}

/** "user=" user ^A "auth=Bearer " token ^A ^A. A refusal is a challenge that the client answers with nothing. */
async function xoauth2(exchange: Exchange, account: Account): Promise<boolean> {
  const [user = "", bearer = "", ...end] = (await exchange.first()).toString("utf8").split("\u0001");
  const isWellFormed = user.startsWith("user=") && /^auth=Bearer /i.test(bearer) && end.join() === ",";
  if (
    isWellFormed &&
    timingSafeEqualText(user.slice("user=".length), account.username) &&
    timingSafeEqualText(bearer.slice("auth=Bearer ".length), account.password)
  )
    return true;
  await exchange.ask(JSON.stringify({ status: "401", schemes: "bearer", scope: "mail" }));
  return false;
}
