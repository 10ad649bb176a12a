import { readKeyRecord } from "../../mail/dkim/read-key-record.js";
import { tagsOf } from "../../mail/dkim/tags.js";

/** What stands in the way of a key that is written whole. */
const TAGS_OF: Readonly<Record<string, string>> = { no_sha256: "h", not_for_mail: "s", testing: "t" };

/** The record that its owner meant, with the same key; null where the key itself is wrong, or more than one record is there. */
export function correctedKey(texts: readonly string[], reason: string): string | null {
  const [text = ""] = texts;
  if (texts.length !== 1) return null;
  const corrected = correction(text, reason);
  if (corrected === null || corrected === text) return null;
  const { findings } = readKeyRecord([corrected]);
  return findings.some((finding) => finding.severity === "error" || finding.reason === reason) ? null : corrected;
}

function correction(text: string, reason: string): string | null {
  if (reason === "no_key_record" || reason === "unreadable_key") return ofPem(text);
  const tags = tagsOf(text);
  const removed = TAGS_OF[reason];
  if (tags === null || (removed === undefined && reason !== "version_not_first")) return null;
  const others = [...tags].filter(([name]) => name !== "v" && name !== removed);
  const flags = removed === "t" ? (tags.get("t") ?? "").split(":").filter((flag) => flag.trim() !== "y") : [];
  return ["v=DKIM1", ...(flags.length === 0 ? [] : [`t=${flags.join(":")}`]), ...others.map(([name, value]) => `${name}=${value}`)].join("; ");
}

/** A file of openssl, put into the record as it is. */
function ofPem(text: string): string | null {
  const [, base64] = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]{1,8000})-----END PUBLIC KEY-----/.exec(text.slice(0, 10_000)) ?? [];
  return base64 === undefined ? null : `v=DKIM1; k=rsa; p=${base64.replace(/\s/g, "")}`;
}
