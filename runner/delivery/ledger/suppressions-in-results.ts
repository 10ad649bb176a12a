import { BOUNCE_CLASSES } from "../../../schemas/bounce.js";
import { contract, type FilledOf } from "../../../schemas/contract.js";
import { DELIVERY_CLASSES, DELIVERY_OUTCOMES } from "../../../schemas/delivery-outcome.js";
import { FEEDBACK_TYPES, type FeedbackType, REPORT_ACTIONS } from "../../../schemas/report.js";
import { nullable } from "../../../schemas/shape.js";
import { PERMANENT_CLASSES } from "./permanent-classes.js";
import type { Suppression, SuppressionReason } from "./suppression.js";

/** The suppressions in a result of mail.bounce or mail.deliver (as output, envelope or event) or in a delivery event. Null for anything else. */
export function suppressionsIn(given: unknown): Suppression[] | null {
  const data = dataOf(given);
  if (report.validator(data)) return ofReport(data as Report);
  if (delivery.validator(data)) return (data as FilledOf<typeof delivery>).recipients.flatMap(ofRecipient);
  if (recipient.validator(data)) return ofRecipient(data as Recipient);
  return null;
}

/** An envelope contains it as its output, an event as its data. */
function dataOf(given: unknown): unknown {
  if (given === null || typeof given !== "object") return null;
  if ("specversion" in given && "data" in given) return given.data;
  return "output" in given && "queue" in given ? given.output : given;
}

const text = { type: "string", maxLength: 100_000 } as const;

const report = contract({
  type: "object",
  properties: {
    recipients: {
      type: "array",
      items: {
        type: "object",
        properties: {
          address: text,
          original_recipient: nullable(text),
          action: nullable({ enum: REPORT_ACTIONS }),
          diagnostic: nullable(text),
          class: nullable({ enum: BOUNCE_CLASSES }),
          permanent: nullable({ type: "boolean" }),
        },
        required: ["address", "original_recipient", "action", "diagnostic", "class", "permanent"],
      },
    },
    feedback: nullable({
      type: "object",
      properties: { type: { enum: FEEDBACK_TYPES }, user_agent: nullable(text), original_recipients: { type: "array", items: text } },
      required: ["type", "user_agent", "original_recipients"],
    }),
  },
  required: ["recipients", "feedback"],
});
type Report = FilledOf<typeof report>;

const recipientSchema = {
  type: "object",
  properties: {
    address: text,
    outcome: { enum: DELIVERY_OUTCOMES },
    class: nullable({ enum: DELIVERY_CLASSES }),
    code: nullable({ type: "integer" }),
    enhanced_code: nullable(text),
    message: nullable(text),
    said_by: nullable(text),
    next: text,
  },
  required: ["address", "outcome", "class", "code", "enhanced_code", "message", "said_by", "next"],
} as const;
const recipient = contract(recipientSchema);
type Recipient = FilledOf<typeof recipient>;
const delivery = contract({ type: "object", properties: { recipients: { type: "array", items: recipientSchema } }, required: ["recipients"] });

function ofReport({ recipients, feedback }: Report): Suppression[] {
  const bounced = recipients.filter(
    ({ action, class: found, permanent }) => action === "failed" && permanent === true && found !== null && PERMANENT_CLASSES.has(found),
  );
  const reason = feedback === null ? null : REASONS[feedback.type];
  return [
    ...bounced.map(({ address, original_recipient: original, diagnostic }) => ({ target: original ?? address, reason: "bounce" as const, detail: diagnostic })),
    ...(reason == null ? [] : feedbackOf(feedback as NonNullable<Report["feedback"]>, reason)),
  ];
}

function feedbackOf({ type, user_agent: agent, original_recipients: targets }: NonNullable<Report["feedback"]>, reason: SuppressionReason): Suppression[] {
  return targets.map((target) => ({ target, reason, detail: `${type} report${agent === null ? "" : ` of ${agent}`}` }));
}

/** The reasons that describe a recipient; all others describe the message or how it was sent. */
const REASONS: Partial<Readonly<Record<FeedbackType, SuppressionReason>>> = {
  abuse: "complaint",
  fraud: "complaint",
  "opt-out": "unsubscribe",
};

/** A delivery that expired after its retries was not refused permanently. */
function ofRecipient({ address, outcome, class: found, code, enhanced_code: enhanced, message, said_by: who, next }: Recipient): Suppression[] {
  if (outcome !== "bounced" || found === null || !PERMANENT_CLASSES.has(found) || who === "us" || next === "may_be_tried") return [];
  return [{ target: address, reason: "bounce", detail: [code, enhanced, message].filter((word) => word !== null).join(" ") }];
}
