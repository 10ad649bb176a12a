export type MqttVersion = "3.1.1" | "5";

/** MQTT 3.1.1, section 3.2.2.3. */
const CONNACK_3 = [
  "accepted",
  "unacceptable protocol version",
  "client identifier rejected",
  "server unavailable",
  "bad user name or password",
  "not authorised",
];

/** MQTT 5, section 2.4. */
const REASONS_5: Readonly<Record<number, string>> = {
  0: "success",
  1: "granted quality of service 1",
  2: "granted quality of service 2",
  4: "disconnect with will message",
  16: "no matching subscribers",
  17: "no subscription existed",
  128: "unspecified error",
  129: "malformed packet",
  130: "protocol error",
  131: "implementation specific error",
  132: "unsupported protocol version",
  133: "client identifier not valid",
  134: "bad user name or password",
  135: "not authorised",
  136: "server unavailable",
  137: "server busy",
  138: "banned",
  139: "server shutting down",
  140: "bad authentication method",
  141: "keep alive timeout",
  142: "session taken over",
  143: "topic filter invalid",
  144: "topic name invalid",
  145: "packet identifier in use",
  147: "receive maximum exceeded",
  148: "topic alias invalid",
  149: "packet too large",
  150: "message rate too high",
  151: "quota exceeded",
  152: "administrative action",
  153: "payload format invalid",
  154: "retain not supported",
  155: "quality of service not supported",
  156: "use another server",
  157: "server moved",
  158: "shared subscriptions not supported",
  159: "connection rate exceeded",
  160: "maximum connect time",
  161: "subscription identifiers not supported",
  162: "wildcard subscriptions not supported",
};

export function reasonOf(version: MqttVersion, packet: "connack" | "suback" | "puback" | "disconnect", code: number): string {
  if (version === "5") return REASONS_5[code] ?? `reason ${code}`;
  if (packet === "connack") return CONNACK_3[code] ?? `reason ${code}`;
  if (packet === "suback") return code === 128 ? "refused" : `granted quality of service ${code}`;
  return "success";
}
