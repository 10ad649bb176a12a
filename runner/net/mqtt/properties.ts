import { type BodyReader, violation } from "./packet.js";

type Kind = "byte" | "uint16" | "uint32" | "variable" | "text" | "binary" | "pair";

/** MQTT 5, section 2.2.2.2. */
const PROPERTIES: Readonly<Record<number, readonly [name: string, kind: Kind]>> = {
  1: ["payload_format_indicator", "byte"],
  2: ["message_expiry_interval", "uint32"],
  3: ["content_type", "text"],
  8: ["response_topic", "text"],
  9: ["correlation_data", "binary"],
  11: ["subscription_identifier", "variable"],
  17: ["session_expiry_interval", "uint32"],
  18: ["assigned_client_identifier", "text"],
  19: ["server_keep_alive", "uint16"],
  21: ["authentication_method", "text"],
  22: ["authentication_data", "binary"],
  26: ["response_information", "text"],
  28: ["server_reference", "text"],
  31: ["reason_string", "text"],
  33: ["receive_maximum", "uint16"],
  34: ["topic_alias_maximum", "uint16"],
  35: ["topic_alias", "uint16"],
  36: ["maximum_qos", "byte"],
  37: ["retain_available", "byte"],
  38: ["user_property", "pair"],
  39: ["maximum_packet_size", "uint32"],
  40: ["wildcard_subscription_available", "byte"],
  41: ["subscription_identifier_available", "byte"],
  42: ["shared_subscription_available", "byte"],
};
const MAX_PROPERTIES = 64;

export type Properties = Record<string, string | number>;

/** The properties of a packet of version 5, by name. A repeated one keeps its last value. */
export function readProperties(reader: BodyReader): Properties {
  const end = reader.variableInteger();
  const stop = reader.rest.length - end;
  if (stop < 0) throw violation("properties end after their packet");
  const properties: Properties = {};
  for (let count = 0; reader.rest.length > stop; count++) {
    if (count === MAX_PROPERTIES) throw violation(`more than ${MAX_PROPERTIES} properties`);
    const id = reader.variableInteger();
    const [name, kind] = PROPERTIES[id] ?? [];
    if (name === undefined || kind === undefined) throw violation(`an unknown property, ${id}`);
    properties[name] = readValue(reader, kind);
  }
  if (reader.rest.length < stop) throw violation("a property ends after the properties do");
  return properties;
}

function readValue(reader: BodyReader, kind: Kind): string | number {
  switch (kind) {
    case "byte":
      return reader.byte();
    case "uint16":
      return reader.uint16();
    case "uint32":
      return reader.take(4).readUInt32BE(0);
    case "variable":
      return reader.variableInteger();
    case "text":
      return reader.text();
    case "binary":
      return reader.take(reader.uint16()).toString("hex");
    case "pair":
      return `${reader.text()}=${reader.text()}`;
  }
}
