import { isUtf8 } from "node:buffer";
import { randomBytes } from "node:crypto";
import { tlsViolations } from "../../runner/harness/check-certificates.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import type { Message, MqttSession } from "../../runner/net/mqtt/session.js";
import { round } from "../../runner/run/clock.js";
import { failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Violation } from "../../runner/support/request-error.js";
import { resolved } from "../../schemas/secret.js";
import { type Ctx, connect } from "./connect.js";
import { judge } from "./judge.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "network.mqtt",
  summary: "Connects to an MQTT broker, subscribes, pings, publishes if asked, and reports the messages that arrive.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput: (input) => [...tlsViolations(input.tls), ...violations(input)],
  run,
});

const MAX_SHOWN_BYTES = 4096;
/** None: a wait may be longer than a broker would keep a silent client. */
const KEEP_ALIVE_SECONDS = 0;

/** MQTT 5, section 4.7: # stands alone at the end, + alone in its level; a message has neither. */
function violations({ subscribe, publish }: Input): Violation[] {
  const violation = (pointer: string, message: string): Violation => ({ pointer, message, hint: null });
  const isFilter = (topic: string): boolean =>
    topic.split("/").every((level, index, all) => !/[+#]/.test(level) || level === "+" || (level === "#" && index === all.length - 1));
  return [
    ...subscribe.flatMap(({ topic }, index) =>
      isFilter(topic) ? [] : [violation(`/subscribe/${index}/topic`, "# may only be the last level, and + a whole level")],
    ),
    ...(publish !== undefined && /[+#]/.test(publish.topic) ? [violation("/publish/topic", "a message is published to one topic, without + and #")] : []),
  ];
}

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  let session: MqttSession | null = null;
  const failure = await ctx.attempt(async () => {
    await connect(ctx, input, evidence, async (opened) => {
      session = opened;
      try {
        await converse(input, ctx, opened, evidence);
      } finally {
        opened.disconnect();
      }
    });
  });
  const { messages = [], messageCount = 0, liveCount = 0 } = (session ?? {}) as Partial<MqttSession>;
  evidence.messages = messages.map((message) => shown(message, ctx.run.recorder.began));
  evidence.message_count = messageCount;
  evidence.live_count = liveCount;
  evidence.failure = failure;
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(failure, evidence.findings);
  return evidence;
}

async function converse(input: Input, ctx: Ctx, session: MqttSession, evidence: Evidence<Output>): Promise<void> {
  const { version, username, password, subscribe, publish } = input;
  if (password !== undefined && evidence.tls === null && !input.allow_plaintext)
    throw failureError("auth", "not_permitted", "the password is not sent in plain text: set tls.mode, or allow it with allow_plaintext");
  const clientId = input.client_id ?? `probe-run-${randomBytes(6).toString("hex")}`;
  const credentials = { username: username === undefined ? null : resolved(username), password: password === undefined ? null : resolved(password) };
  const { code, reason, sessionPresent, properties } = await session.connect({ version, clientId, ...credentials, keepAliveSeconds: KEEP_ALIVE_SECONDS });
  evidence.connack = { code, reason, session_present: sessionPresent, properties };
  if (code !== 0) throw failureError("greeting", "reply_rejected", `the broker refuses the connection: ${reason} (${code})`);
  if (subscribe.length > 0) {
    const granted = await session.subscribe(subscribe);
    evidence.subscriptions = subscribe.map(({ topic }, index) => ({ topic, code: granted[index]?.code ?? null, reason: granted[index]?.reason ?? null }));
  }
  evidence.ping_ms = await session.ping();
  if (publish !== undefined) await publishOnce(input, publish, ctx, session, evidence);
  if (subscribe.length > 0) await session.listen(input.wait_ms, () => isSatisfied(input, session, evidence));
}

/** The message comes back if one of the subscriptions takes it. */
async function publishOnce(
  input: Input,
  { topic, payload, retain }: NonNullable<Input["publish"]>,
  ctx: Ctx,
  session: MqttSession,
  evidence: Evidence<Output>,
): Promise<void> {
  const bytes = Buffer.from(resolved(payload));
  const sentAt = ctx.clock.now();
  // It may come back before it is acknowledged, and after more messages than are kept.
  let returned: Message | null = null;
  session.onMessage = (message) => {
    if (isOurs(message)) returned ??= message;
  };
  const isOurs = ({ topic: on, payload: content }: Message): boolean => on === topic && content.equals(bytes);
  const published: NonNullable<Output["published"]> = { ...(await session.publish(topic, bytes, retain)), round_trip_ms: null };
  evidence.published = published;
  if (published.code >= 128 || input.subscribe.length === 0) return;
  await session.listen(input.wait_ms, (message) => {
    if (message !== null && isOurs(message)) returned ??= message;
    return returned !== null;
  });
  const found = returned as Message | null;
  if (found !== null) published.round_trip_ms = round(found.at - sentAt);
}

/** Waiting ends once everything requested has arrived. */
function isSatisfied({ expect }: Input, { liveCount }: MqttSession, { published }: Evidence<Output>): boolean {
  const wanted = expect?.min_messages;
  if (wanted !== undefined) return liveCount >= wanted;
  return published !== null && published.round_trip_ms !== null;
}

function shown({ topic, payload, qos, retained, duplicate, at }: Message, began: number): Output["messages"][number] {
  const beginning = payload.subarray(0, MAX_SHOWN_BYTES);
  return {
    topic,
    retained,
    qos,
    duplicate,
    payload_bytes: payload.length,
    payload: isUtf8(payload) ? beginning.toString("utf8") : null,
    at_ms: round(at - began),
  };
}

function nothingYet({ target_host, target_port, tls, transport, version }: Input): Evidence<Output> {
  const [plain, secured] = transport === "websocket" ? [80, 443] : [1883, 8883];
  const port = target_port ?? (tls.mode === "implicit" ? secured : plain);
  const broker = { tls: null, version, connack: null, subscriptions: [], messages: [], message_count: 0, live_count: 0, published: null, ping_ms: null };
  return { status: "ok", failure: null, target_host, target_port: port, attempts: [], ...broker, findings: [] };
}
