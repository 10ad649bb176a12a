import { contract } from "./contract.js";
import { messageFields, messageOptions } from "./delivery-message.js";

/** The bounds of an event. */
const MAX_ID_CHARACTERS = 128;

/** All parts of a message for send() except its bytes. An invalid recipient is reported in its result. */
export const mailToSendContract = contract({
  title: "a message for send()",
  type: "object",
  properties: {
    mail_from: { type: "string" },
    recipients: { type: "array", minItems: 1, items: { type: "string" } },
    fields: messageFields,
    ...messageOptions,
    id: { type: "string", minLength: 1, maxLength: MAX_ID_CHARACTERS },
  },
  required: ["mail_from", "recipients"],
  additionalProperties: false,
});
