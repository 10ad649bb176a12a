import type { DataOf } from "../../net/dns/records.js";
import { txtText } from "../../net/dns/txt-text.js";

/** What a domain announces at `_mta-sts`: the id of its policy. */
export type StsAnnouncement =
  | { readonly kind: "announced"; readonly id: string }
  | { readonly kind: "none" }
  | { readonly kind: "invalid"; readonly message: string };

/** RFC 8461, section 3.1: exactly one of the TXT records must begin with the version. */
export function readStsRecords(records: readonly DataOf<"TXT">[]): StsAnnouncement {
  const texts = records.map(txtText).filter((text) => /^v=STSv1[ \t]*;/.test(text));
  const [text] = texts;
  if (text === undefined) return { kind: "none" };
  if (texts.length > 1) return { kind: "invalid", message: `there are ${texts.length} MTA-STS records, and may be one` };
  if (!RECORD.test(text)) return { kind: "invalid", message: `the MTA-STS record ${JSON.stringify(text)} breaks the syntax of RFC 8461, section 3.1` };
  const [, id] = ID.exec(text) ?? [];
  return id === undefined ? { kind: "invalid", message: `the MTA-STS record ${JSON.stringify(text)} has no id` } : { kind: "announced", id };
}

/** Fields are split by semicolons; one more may stand at the end. */
const RECORD = /^v=STSv1(?:[ \t]*;[ \t]*[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+)+[ \t]*;?[ \t]*$/;
const ID = /;[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*(?:;|$)/;
