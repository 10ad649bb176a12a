import { trimBoth } from "../../../schemas/text.js";
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
  if (texts.length > 1) return { kind: "invalid", message: `there are ${texts.length} MTA-STS records, but only one is allowed` };
  const fields = fieldsOf(text);
  const shown = JSON.stringify(text.slice(0, 200));
  if (/;[ \t]*id=[ \t]*(?:;|$)/.test(text)) return { kind: "invalid", message: `the MTA-STS record ${shown} has an empty id` };
  if (!/[; \t]id=/.test(text)) return { kind: "invalid", message: `the MTA-STS record ${shown} has no id` };
  if (fields === null) return { kind: "invalid", message: `the MTA-STS record ${shown} violates the syntax of RFC 8461, section 3.1` };
  const ids = fields.filter((field) => field.startsWith("id=")).map((field) => field.slice("id=".length));
  const id = ids.find((each) => /^[A-Za-z0-9]{1,32}$/.test(each));
  return id === undefined ? { kind: "invalid", message: `the MTA-STS record ${shown} ${idProblem(ids[0])}` } : { kind: "announced", id };
}

function idProblem(id: string | undefined): string {
  if (id === undefined) return "has no id";
  if (/^[A-Za-z0-9]+$/.test(id)) return `has an id of ${id.length} characters, and 32 are allowed`;
  return `has the id ${JSON.stringify(id.slice(0, 50))}, and only letters and digits are allowed in it`;
}

/** The fields after the version, separated by semicolons; one more semicolon is allowed at the end. Null if one of them is not a field. */
function fieldsOf(text: string): readonly string[] | null {
  const [version, ...fields] = text.split(";").map((field) => trimBoth(field, " \t"));
  if (fields.at(-1) === "") fields.pop();
  const isWhole = version === "v=STSv1" && fields.length > 0 && fields.every((field) => FIELD.test(field));
  return isWhole ? fields : null;
}

const FIELD = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+$/;
