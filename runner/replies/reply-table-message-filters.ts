import type { MessageRow } from "./reply-row.js";

const MIMECAST = "Mimecast, Policies: SMTP error codes (mimecastsupport.zendesk.com, article 34000709564691)";
const AMAVIS = "amavisd-new, RELEASE_NOTES and amavisd.conf: smtp replies with id=";
const RSPAMD = "rspamd documentation, milter and proxy worker: reject_message, spam_header; actions";
const BARRACUDA = "Barracuda Campus, understanding bounced mail and SMTP replies";
const FORTINET = "FortiMail Administration Guide, antispam reject replies";
const CLAMAV = "clamav-milter.conf(5): RejectMsg";
const SPAMHAUS = "Spamhaus DBL and ZRD, return messages (spamhaus.org/dbl)";
const SYMANTEC = "Broadcom, Email Security.cloud: rejection messages";

/** What filters say of a message. */
export const MESSAGE_FILTER_ROWS: readonly MessageRow[] = [
  {
    id: "mimecast-authentication",
    said_by: "Mimecast",
    codes: [550],
    text: /(?:DMARC|DKIM|SPF) Sender Invalid/i,
    class: "auth",
    at: ["mail", "rcpt", "data"],
    source: MIMECAST,
    example: "550 DMARC Sender Invalid - envelope rejected - https://community.mimecast.com/docs/DOC-1369#550 [xxxxxxxxxx.uk1]",
  },
  {
    id: "mimecast-content",
    said_by: "Mimecast",
    codes: [554, 550],
    text: /Email rejected due to security policies|Virus Signature Detected|Message bounced due to Content/i,
    class: "content",
    source: MIMECAST,
    example: "554 Email rejected due to security policies - https://community.mimecast.com/docs/DOC-1369#554 [xxxxxxxxxx.uk1]",
  },
  {
    id: "mimecast-account-limit",
    said_by: "Mimecast",
    codes: [451, 452],
    text: /Account (?:outbounds|inbounds|service) .{0,30}(?:disabled|limit)|You've reached your mail server's limit/i,
    class: "rate",
    at: ["mail", "rcpt", "data"],
    source: MIMECAST,
    example: "451 You've reached your mail server's limit - https://community.mimecast.com/docs/DOC-1369#451",
  },
  {
    id: "amavis-content",
    said_by: "amavisd-new",
    codes: [550, 554],
    text: /^Reject, id=\S+ - (?:SPAM|INFECTED|BANNED|BAD.HEADER)/i,
    class: "content",
    source: AMAVIS,
    example: "554 5.7.0 Reject, id=02184-05 - SPAM",
  },
  {
    id: "amavis-unavailable",
    said_by: "amavisd-new",
    codes: [451, 421],
    text: /id=\d+-\d+.*(?:FAILED|processing)|content filter .*(?:fail|unavailable)/i,
    class: "network",
    source: AMAVIS,
    example: "451 4.5.0 Error in processing, id=02184-05, virus_scan FAILED",
  },
  {
    id: "rspamd-spam",
    said_by: "rspamd",
    codes: [554, 550],
    text: /^(?:Spam message rejected$|Matched map: |Gtube pattern)/i,
    class: "content",
    source: RSPAMD,
    example: "554 5.7.1 Spam message rejected",
  },
  {
    id: "rspamd-soft-reject",
    said_by: "rspamd",
    codes: [451],
    enhanced: /^4\.7\.1$/,
    text: /^Try again later\.?$/i,
    class: "greylist",
    at: ["rcpt", "data"],
    source: RSPAMD,
    example: "451 4.7.1 Try again later",
  },
  {
    id: "rspamd-rate",
    said_by: "rspamd",
    codes: [451, 450],
    text: /^Rate ?limit "?\S+"? exceeded/i,
    class: "rate",
    at: ["mail", "rcpt", "data"],
    source: "rspamd documentation, ratelimit module",
    example: '451 4.7.1 Ratelimit "bounce_to" exceeded',
  },
  {
    id: "barracuda-content",
    said_by: "Barracuda",
    codes: [550, 554],
    text: /rejected due to spam (?:content|URL in content|intent)|rejected due to (?:content|fingerprint|intent) (?:restrictions|analysis|match)/i,
    class: "content",
    source: BARRACUDA,
    example: "554 rejected due to spam URL in content",
  },
  {
    id: "fortiguard",
    said_by: "FortiMail",
    codes: [550, 554],
    text: /FortiGuard/i,
    class: "content",
    source: FORTINET,
    example: "550 5.7.1 This message has been blocked because it contains FortiGuard - AntiSpam blocking URL(s).",
  },
  {
    id: "clamav-virus",
    said_by: "ClamAV",
    codes: [550, 554],
    text: /detected by ClamAV|clamav/i,
    class: "content",
    source: CLAMAV,
    example: "550 5.7.1 virus Eicar-Test-Signature detected by ClamAV - http://www.clamav.net",
  },
  {
    id: "spamhaus-domain",
    said_by: "Spamhaus",
    codes: [550, 554, 571],
    text: /dbl\.spamhaus\.org|spamhaus\.org\/(?:query\/)?d(?:bl|omain)/i,
    class: "content",
    source: SPAMHAUS,
    example: "554 5.7.1 Service unavailable; Sender address [a@example.org] blocked using dbl.spamhaus.org; https://www.spamhaus.org/query/domain/example.org",
  },
  {
    id: "messagelabs-policy",
    said_by: "Symantec Email Security.cloud",
    codes: [501, 553, 550],
    text: /Connection rejected by policy \[\d|you are trying to use me \[server|messagelabs/i,
    class: "reputation",
    at: ["greeting", "ehlo", "mail", "rcpt", "data"],
    source: SYMANTEC,
    example: "501 Connection rejected by policy [7.7] 12902, please visit www.messagelabs.com/support for more details about this error message.",
  },
];
