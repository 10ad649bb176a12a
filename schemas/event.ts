/**
 * The envelope of every message: CloudEvents 1.0, JSON format. What is not named here may be there as well: CloudEvents lets
 * whoever hands a message on add attributes to it.
 */
export function eventOf<const Type extends string, const Data>(type: Type, data: Data, mostIdCharacters = 200) {
  return {
    type: "object",
    properties: {
      specversion: { const: "1.0" },
      id: { type: "string", minLength: 1, maxLength: mostIdCharacters, description: "With `source`, what a duplicate is told by." },
      source: { type: "string", minLength: 1, maxLength: 2048, description: "A URI reference." },
      type: { const: type },
      subject: { type: "string", minLength: 1, maxLength: 512, description: "The probe and its version: network.smtp@2.0.0" },
      time: { type: "string", minLength: 1, maxLength: 64, description: "When the event came about, in UTC." },
      datacontenttype: { const: "application/json" },
      dataschema: { type: "string", minLength: 1, maxLength: 2048, description: "The URI of the schema that `data` keeps to." },
      data,
    },
    required: ["specversion", "id", "source", "type", "data"],
  } as const;
}

/** Every event of ours says so: ids are unique within it, so that two workers' results of one job are told as one. */
export const EVENT_SOURCE = "probe-run";
