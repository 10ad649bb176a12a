import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Output } from "../../probes/network.mqtt/schema.js";
import { programPath } from "../../test/support/programs.js";
import { runDaemon } from "../../test/support/run-daemon.js";
import type { Comparison } from "./comparison.js";
import { linesOf, outputOf } from "./program-output.js";

/** A broker keeps a retained message of each topic, so that two clients can be given the same messages. */
const MESSAGES = [
  ["sensors/1/temperature", "21.5", 0],
  ["sensors/2/temperature", "grüße", 1],
  ["sensors/3/temperature", "x".repeat(300), 2],
  ["sensors/status", "on", 1],
] as const;

export const mqtt: Comparison = {
  probe: "network.mqtt",
  programs: ["mosquitto", "mosquitto_pub", "mosquitto_sub"],
  async compare(ask) {
    const broker = await runDaemon("mosquitto", programPath("mosquitto") as string, (folder, port) => {
      const user = process.getuid?.() === 0 ? ["user root"] : [];
      writeFileSync(join(folder, "mosquitto.conf"), [...user, "set_tcp_nodelay true", `listener ${port} 127.0.0.1`, "allow_anonymous true", ""].join("\n"));
      return ["-c", join(folder, "mosquitto.conf")];
    });
    try {
      const words = ["-h", "127.0.0.1", "-p", String(broker.port), "-V", "mqttv5"];
      for (const [topic, payload, qos] of MESSAGES)
        await outputOf(programPath("mosquitto_pub") as string, [...words, "-t", topic, "-m", payload, "-q", String(qos), "-r"]);
      const target = { target_host: "127.0.0.1", target_port: broker.port };
      const output = await ask<Output>("network.mqtt", { ...target, subscribe: [{ topic: "sensors/#", qos: 2 }], wait_ms: 1000 });
      const format = ["-t", "sensors/#", "-q", "2", "-C", String(MESSAGES.length), "-W", "10", "-F", "%t|%q|%r|%l|%p"];
      const { stdout } = await outputOf(programPath("mosquitto_sub") as string, [...words, ...format]);
      return [{ subject: "retained messages of mosquitto", peer: "mosquitto_sub", ours: ownMessages(output), theirs: printedMessages(stdout) }];
    } finally {
      await broker.stop();
    }
  },
};

function ownMessages({ messages, message_count }: Output): Record<string, unknown> {
  const facts = messages.map(({ topic, qos, retained, payload_bytes, payload }) => [topic, [qos, retained, payload_bytes, payload?.slice(0, 64)]]);
  return { ...Object.fromEntries(facts), messages: message_count };
}

function printedMessages(text: string): Record<string, unknown> {
  const facts = linesOf(text).map((line): [string, unknown] => {
    const [topic = "", qos, retained, bytes, payload] = line.split("|");
    return [topic, [Number(qos), retained === "1", Number(bytes), payload?.slice(0, 64)]];
  });
  return { ...Object.fromEntries(facts), messages: facts.length };
}
