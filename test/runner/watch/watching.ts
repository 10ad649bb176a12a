import { createHmac } from "node:crypto";
import { main } from "../../../runner/cli/cli.js";
import { startHttpServer } from "../../../runner/lab/http-server.js";
import type { IncidentEvent } from "../../../schemas/incident-event.js";

export const SECRET = "a secret to sign with";

export interface Watching {
  readonly address: string;
  err(): string;
  /** As SIGHUP does. */
  hangUp(): void;
  stop(): Promise<number>;
}

/** Runs `probe-run watch` in this process. */
export async function startWatching(
  file: string,
  cwd: string,
  words: readonly string[] = [],
  serving = /serving (http:\/\/\S+)\/metrics\n/,
): Promise<Watching> {
  let text = "";
  let interrupt: () => void = () => undefined;
  let hangUp: () => void = () => undefined;
  let ready: () => void = () => undefined;
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const screen = { isTty: false, columns: 80 };
  const ended = main(["watch", file, ...(words.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"]), ...words], {
    out: async () => undefined,
    err(piece) {
      text += piece;
      if (text.includes("/metrics\n")) ready();
    },
    stdin: nothing(),
    stdout: screen,
    stderr: screen,
    env: { PROBE_RUN_WEBHOOK_SECRET: SECRET },
    cwd,
    onInterrupt(listener) {
      interrupt = () => listener();
      return () => undefined;
    },
    onHangup(listener) {
      hangUp = listener;
      return () => undefined;
    },
  });
  await Promise.race([isReady, ended]);
  const address = serving.exec(text)?.[1];
  if (address === undefined) throw new Error(`it does not watch: ${text}`);
  const stop = async (): Promise<number> => {
    interrupt();
    return ended;
  };
  return { address, err: () => text, hangUp: () => hangUp(), stop };
}

async function* nothing(): AsyncIterable<Uint8Array> {}

/** A receiver of notifications, which checks each signature. */
export async function startReceiver(answer: (count: number) => number = () => 200) {
  const taken: IncidentEvent[] = [];
  const attempts: string[] = [];
  const server = await startHttpServer((_path, request) => {
    const chunks: Buffer[] = [];
    attempts.push("");
    const count = attempts.length;
    const status = answer(count);
    request.on("data", (piece: Buffer) => chunks.push(piece));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const { "probe-run-timestamp": timestamp, "probe-run-signature": signature } = request.headers;
      const expected = `v1=${createHmac("sha256", SECRET).update(`${timestamp}.${body}`).digest("hex")}`;
      const event = JSON.parse(body) as IncidentEvent;
      attempts[count - 1] = signature === expected ? event.id : "a wrong signature";
      if (status < 300) taken.push(event);
    });
    return { status, afterMs: 20 };
  });
  return { url: `${server.origin}/hook`, taken, attempts, close: () => server.close() };
}

/** A web server that can be switched off and on by path. */
export async function startSwitch() {
  const down = new Set<string>();
  const server = await startHttpServer((path) => (down.has(path) ? { status: 503 } : { body: "ok\n" }));
  return { origin: server.origin, down, close: () => server.close() };
}
