import type { MessageOptions } from "../../../schemas/delivery-message.js";
import type { MailDsn, NotifyCondition, RcptDsn } from "../../net/smtp/dsn.js";

/** The requested delivery reports as parameters of MAIL and RCPT (RFC 3461). */
export function dsnParameters({ notify, return: returned, envelope_id: envelopeId }: NonNullable<MessageOptions["dsn"]>): { mail: MailDsn; rcpt: RcptDsn } {
  const conditions = notify === undefined ? null : (typeof notify === "string" ? [notify] : notify).map((each) => each.toUpperCase() as NotifyCondition);
  return {
    mail: {
      ...(returned === undefined ? {} : { ret: returned === "full" ? "FULL" : "HDRS" }),
      ...(envelopeId === undefined ? {} : { envid: envelopeId }),
    },
    rcpt: conditions === null ? {} : { notify: conditions },
  };
}
