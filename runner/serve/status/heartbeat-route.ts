import type { HttpAnswer, HttpAsked } from "../../net/http/serve.js";
import type { HeartbeatRequest, Heartbeats } from "../../watch/heartbeats/heartbeats.js";

const PREFIX = "/heartbeat/";
const PATH = /^\/heartbeat\/([A-Za-z0-9_-]{20,200})(?:\/(fail|\d{1,3}))?$/;
const MOST_EXIT_CODE = 255;
const NOT_FOUND: HttpAnswer = { status: 404, text: "there is no such heartbeat\n" };

export function isHeartbeat(path: string): boolean {
  return path.startsWith(PREFIX);
}

/** /heartbeat/TOKEN, and /fail or the job's exit code after it. The token is the login. */
export async function answerHeartbeat(path: string, { method }: HttpAsked, heartbeats: Heartbeats): Promise<HttpAnswer> {
  if (method !== "GET" && method !== "POST") return { status: 405, text: "only GET and POST\n" };
  const [, token, end = "0"] = PATH.exec(path) ?? [];
  if (token === undefined || Number(end) > MOST_EXIT_CODE) return NOT_FOUND;
  const answer = await heartbeats.received(token, requestOf(end), Date.now());
  if (answer === "unknown token") return NOT_FOUND;
  if (answer === "too many") return { status: 429, text: "too many requests\n", headers: { "retry-after": "60" } };
  return { status: 200, text: "ok\n" };
}

function requestOf(end: string): HeartbeatRequest {
  if (end === "fail") return { outcome: "error", reason: "the job reported that it failed" };
  const code = Number(end);
  return code === 0 ? { outcome: "ok", reason: null } : { outcome: "error", reason: `the job ended with exit code ${code}` };
}
