import { contract, type FilledOf } from "./contract.js";
import { DELIVERY_CLASSES, DELIVERY_OUTCOMES, DELIVERY_WAYS, NEXT_STEPS, SAID_BY } from "./delivery.js";
import { eventOf } from "./event.js";
import { nullable, record } from "./shape.js";

export const DELIVERY_EVENT_TYPE = "probe-run.delivery";

/** What became of a message for one recipient, just now. A recipient whose outcome is queued is told of again. */
const schema = eventOf(
  DELIVERY_EVENT_TYPE,
  record({
    delivery_id: { type: "string", minLength: 1, maxLength: 128, description: "The same in every event of one message." },
    message_id: nullable({ type: "string" }, "Of the message's header."),
    mail_from: { type: "string", description: "The envelope's sender; <> for none." },
    address: { type: "string", description: "The recipient, as it was given." },
    outcome: { enum: DELIVERY_OUTCOMES },
    class: nullable({ enum: DELIVERY_CLASSES }, "What kept it from being delivered."),
    way: nullable({ enum: DELIVERY_WAYS }),
    site: nullable({ type: "string" }),
    host: nullable({ type: "string" }),
    code: nullable({ type: "integer" }, "The reply code that decided."),
    enhanced_code: nullable({ type: "string" }),
    message: nullable({ type: "string" }, "The reply's text, or what broke."),
    said_by: nullable({ enum: SAID_BY }),
    tries: { type: "integer" },
    next: { enum: NEXT_STEPS },
    next_try_at: nullable({ type: "string" }, "In UTC."),
    gives_up_at: nullable({ type: "string" }, "In UTC."),
  }),
  240,
);

export const deliveryEventContract = contract(schema);
export type DeliveryEvent = FilledOf<typeof deliveryEventContract>;
