/**
 * The envelope of every message: CloudEvents 1.0, JSON format. Other attributes are allowed, because CloudEvents lets
 * intermediaries add them.
 */
export function eventOf<const Type extends string, const Data>(type: Type, data: Data, mostIdCharacters = 200) {
  return {
    type: "object",
    properties: {
      specversion: { const: "1.0" },
      id: {
        type: "string",
        pattern: "^[!-~]+$",
        maxLength: mostIdCharacters,
        description: `Unique within \`source\`: identifies duplicates. 1 to ${mostIdCharacters} visible ASCII characters (U+0021 to U+007E), no spaces.`,
      },
      source: { type: "string", minLength: 1, maxLength: 2048, description: "A URI reference." },
      type: { const: type },
      subject: { type: "string", minLength: 1, maxLength: 512, description: "The probe and its version: network.smtp@2.0.0" },
      time: { type: "string", minLength: 1, maxLength: 64, description: "When the event occurred, in UTC." },
      datacontenttype: { const: "application/json" },
      location: { type: "string", minLength: 1, maxLength: 64, description: "The place of the worker that ran the job." },
      dataschema: { type: "string", minLength: 1, maxLength: 2048, description: "The URI of the schema of `data`." },
      data,
    },
    required: ["specversion", "id", "source", "type", "data"],
  } as const;
}

/** The source of every event. Ids are unique within it, so the results of two workers for one job count as duplicates. */
export const EVENT_SOURCE = "probe-run";
