import { contract, type FilledOf } from "./contract.js";
import { DELIVERY_CLASSES, DELIVERY_OUTCOMES, NEXT_STEPS, SAID_BY } from "./delivery-outcome.js";
import { DELIVERY_WAYS } from "./delivery-route.js";
import { eventOf } from "./event.js";
import { nullable, record } from "./shape.js";

export const DELIVERY_EVENT_TYPE = "probe-run.delivery";

/** The outcome of a message for one recipient. A recipient whose outcome is queued gets another event later. */
const schema = eventOf(
  DELIVERY_EVENT_TYPE,
  record({
    delivery_id: { type: "string", minLength: 1, maxLength: 128, description: "Identifies the message; the same in all of its events." },
    message_id: nullable({ type: "string" }, "The Message-ID of the header."),
    mail_from: { type: "string", description: "The envelope sender; <> for the null sender." },
    address: { type: "string", description: "The recipient, as given in the input." },
    outcome: { enum: DELIVERY_OUTCOMES },
    class: nullable({ enum: DELIVERY_CLASSES }, "Why it was not delivered; null if it was."),
    way: nullable({ enum: DELIVERY_WAYS }),
    site: nullable({ type: "string" }),
    host: nullable({ type: "string" }),
    code: nullable({ type: "integer" }, "The reply code that decided the outcome."),
    enhanced_code: nullable({ type: "string" }),
    message: nullable({ type: "string" }, "The text of the reply, or the failure."),
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
