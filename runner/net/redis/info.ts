import type { RedisReply } from "./resp.js";

/** The fields of INFO or CLUSTER INFO, of all sections: the names are unique. Null if the reply is no text. */
export function parseInfo(reply: RedisReply): ReadonlyMap<string, string> | null {
  if (reply.type !== "bulk") return null;
  const fields = new Map<string, string>();
  for (const line of reply.bytes.toString("utf8").split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** The parts of a field such as `name=one,status=ok`. */
export function parseParts(text: string): ReadonlyMap<string, string> {
  return new Map(text.split(",").map((part) => [part.slice(0, Math.max(0, part.indexOf("="))), part.slice(part.indexOf("=") + 1)]));
}

/** The answer to HELLO: a map, or with RESP2 a list in which names and values alternate. */
export function parsePairs(reply: RedisReply): ReadonlyMap<string, RedisReply> {
  const pairs = new Map<string, RedisReply>();
  if (reply.type !== "map" && reply.type !== "list") return pairs;
  for (let index = 0; index + 1 < reply.items.length; index += 2) {
    const name = reply.items[index] as RedisReply;
    if (name.type === "bulk") pairs.set(name.bytes.toString("utf8"), reply.items[index + 1] as RedisReply);
    else if (name.type === "status") pairs.set(name.text, reply.items[index + 1] as RedisReply);
  }
  return pairs;
}
