import { bodiesOf, type Header } from "../header.js";

/** Subjects of absence notices that carry no other mark. */
const SUBJECT =
  /^\s*(?:auto(?:matic|mated)?[ -]?(?:reply|response)|automatische antwort|abwesenheit|out of (?:the )?office|r[ée]ponse automatique|respuesta autom[áa]tica|risposta automatica|autosvar|vacation)\b/i;

/** An absence notice or the like: an automatic reply on behalf of the recipient (RFC 3834, section 5). */
export function isAutoReply(header: Header): boolean {
  const first = (name: string): string => (bodiesOf(header, name)[0] ?? "").trim().toLowerCase();
  if (first("Auto-Submitted").startsWith("auto-replied")) return true;
  if (["X-Autoreply", "X-Autorespond"].some((name) => first(name) !== "" && first(name) !== "no")) return true;
  return first("Precedence") === "auto_reply" || SUBJECT.test(bodiesOf(header, "Subject")[0] ?? "");
}

/** Written by a mail system, and not by a person. */
export function isFromMailSystem(header: Header): boolean {
  const first = (name: string): string => bodiesOf(header, name)[0] ?? "";
  if (/^\s*<>\s*$/.test(first("Return-Path"))) return true;
  return /\b(?:mailer-daemon|postmaster|mail delivery (?:system|subsystem)|mail ?system)\b/i.test(first("From"));
}

export function isAboutDelivery(header: Header): boolean {
  return /undeliver|deliver(?:y|ed)?\b.{0,200}\b(?:fail|status|notif|report|delay|problem)|(?:fail|error|problem).{0,200}\bdeliver|returned mail|mail (?:delivery )?fail|failure notice|could not be delivered|warning: message|nondeliverable|unzustellbar|non remis/i.test(
    (bodiesOf(header, "Subject")[0] ?? "").slice(0, 500),
  );
}
