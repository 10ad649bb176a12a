import { bodiesOf, type Header } from "../../runner/mail/header.js";
import type { Output } from "./schema.js";

type Facts = Pick<Output, "spf" | "dkim" | "dmarc" | "received" | "reverse" | "from_domains">;
type Rules = Output["bulk_sender"];
type Answer = Rules["aligned"];

/** What Gmail, Yahoo and Outlook.com require of senders, as far as one message shows it. */
export function bulkSenderRules(facts: Facts, header: Header, fromExists: boolean | null): Rules {
  const { spf, dkim, dmarc, received, reverse } = facts;
  const spfPasses = spf.result === "not_evaluated" || spf.result === "temperror" ? "unknown" : answer(spf.result === "pass");
  const passing = dkim.filter(({ result }) => result === "pass");
  const dkimPasses = passing.length === 0 && dkim.some(({ result }) => result === "temperror") ? "unknown" : answer(passing.length > 0);
  const isUnknown = dmarc.result === "temperror" || dmarc.result === "unknown";
  return {
    spf_or_dkim: either(spfPasses, dkimPasses),
    spf_and_dkim: both(spfPasses, dkimPasses),
    dmarc_record: dmarc.record === null && isUnknown ? "unknown" : answer(dmarc.record !== null),
    dmarc_pass: isUnknown ? "unknown" : answer(dmarc.result === "pass"),
    aligned: dmarc.aligned.length > 0 ? "yes" : isUnknown || spfPasses === "unknown" || dkimPasses === "unknown" || dmarc.record === null ? "unknown" : "no",
    reverse_dns: reverse === null || reverse.outcome === "unknown" ? "unknown" : answer(reverse.outcome === "confirmed"),
    tls: received.is_encrypted === null ? "unknown" : answer(received.is_encrypted),
    message_format: answer(facts.from_domains.length === 1 && hasEachFieldOnce(header)),
    from_domain_exists: fromExists === null ? "unknown" : answer(fromExists),
    one_click_unsubscribe: oneClick(passing, header),
    dkim_key_bits:
      dkimPasses === "unknown" ? "unknown" : answer(passing.some(({ key_bits: bits, algorithm }) => algorithm === "ed25519-sha256" || (bits ?? 0) >= 1024)),
  };
}

/** RFC 5322, 3.6: From and Date are there; these are there once at most. */
const REQUIRED = ["From", "Date"];
const AT_MOST_ONCE = ["Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "In-Reply-To", "References", "Subject"];

function hasEachFieldOnce(header: Header): boolean {
  return REQUIRED.every((name) => bodiesOf(header, name).length === 1) && AT_MOST_ONCE.every((name) => bodiesOf(header, name).length <= 1);
}

/** RFC 8058, 3.1 and 4: https in List-Unsubscribe, the one value of List-Unsubscribe-Post, both signed. */
function oneClick(passing: Facts["dkim"], header: Header): Answer {
  const [unsubscribe] = bodiesOf(header, "List-Unsubscribe");
  const [post] = bodiesOf(header, "List-Unsubscribe-Post");
  if (unsubscribe === undefined || post === undefined) return "no";
  const isRight = /<https:\/\/[^\s<>]+>/i.test(unsubscribe.slice(0, 4096)) && post.trim().toLowerCase() === "list-unsubscribe=one-click";
  const isSigned = passing.some(({ signed_fields: fields }) => fields.includes("list-unsubscribe") && fields.includes("list-unsubscribe-post"));
  return answer(isRight && isSigned);
}

function answer(holds: boolean): Answer {
  return holds ? "yes" : "no";
}

function either(one: Answer, other: Answer): Answer {
  if (one === "yes" || other === "yes") return "yes";
  return one === "unknown" || other === "unknown" ? "unknown" : "no";
}

function both(one: Answer, other: Answer): Answer {
  if (one === "no" || other === "no") return "no";
  return one === "unknown" || other === "unknown" ? "unknown" : "yes";
}
