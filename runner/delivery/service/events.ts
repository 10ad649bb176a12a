import type { GivenOf } from "../../../schemas/contract.js";
import { DELIVERY_EVENT_TYPE, type deliveryEventContract } from "../../../schemas/delivery-event.js";
import type { DeliveryRecipient, DeliveryReport } from "../../../schemas/delivery-report.js";
import { EVENT_SOURCE } from "../../../schemas/event.js";
import type { Message } from "../../queue/backend.js";

type Event = GivenOf<typeof deliveryEventContract>;

/** The message that the events are about. */
export interface MessageReference {
  readonly deliveryId: string;
  readonly mailFrom: string;
}

/** One event per recipient. Its id is derived from its content, so that a receiver can drop a repetition after a crash. */
export function eventsOf(report: DeliveryReport, message: MessageReference): Message[] {
  return report.recipients.map((recipient, index) => {
    const event = eventOf(recipient, index, report, message);
    return { id: event.id, body: JSON.stringify(event), key: null, priority: 0, delayMs: 0 };
  });
}

function eventOf(recipient: DeliveryRecipient, index: number, { message_id }: DeliveryReport, { deliveryId, mailFrom }: MessageReference): Event {
  const { address, outcome, class: found, way, site, host, code, enhanced_code, message, said_by, tries, next, next_try_at, gives_up_at } = recipient;
  const reply = { code, enhanced_code, message, said_by };
  return {
    specversion: "1.0",
    id: `${deliveryId}:${index}:${tries}:${outcome}`,
    source: EVENT_SOURCE,
    type: DELIVERY_EVENT_TYPE,
    subject: address.slice(0, 512) || "?",
    time: new Date().toISOString(),
    datacontenttype: "application/json",
    data: {
      delivery_id: deliveryId,
      message_id,
      mail_from: mailFrom,
      address,
      outcome,
      class: found,
      way,
      site,
      host,
      ...reply,
      tries,
      next,
      next_try_at,
      gives_up_at,
    },
  };
}
