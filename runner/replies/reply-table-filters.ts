import type { ReplyRow } from "./reply-row.js";

const MIMECAST = "Mimecast, Policies: SMTP error codes (mimecastsupport.zendesk.com, article 34000709564691)";
const PROOFPOINT = "Proofpoint, Dynamic Reputation look-up (ipcheck.proofpoint.com)";
const PROOFPOINT_ESSENTIALS = "Proofpoint Essentials, connection details and error codes; Spambrella, common delivery error codes";
const BARRACUDA_NSU = "Barracuda Email Gateway Defense: cuda_nsu (no such user) in bounces on public mailing lists";
const BARRACUDA = "Barracuda Central, reputation system (barracudacentral.org)";
const CISCO = "Cisco Secure Email, Host Access Table and recipient validation (user guide)";
/** Of a domain's own mail host; another one says the same of what it does not relay. */
const CISCO_RECIPIENT = "Cisco Secure Email, Recipient Access Table (user guide); bounces on public mailing lists";
const SPAMHAUS = "Spamhaus, return messages of blocklists (check.spamhaus.org)";
const SPAMCOP = "SpamCop Blocking List, help for administrators (spamcop.net)";
const TREND = "Trend Micro, Email Reputation Services (servicecentral.trendmicro.com)";

/** The wordings of filters in front of many domains, and of widely used lists. */
export const FILTER_ROWS: readonly ReplyRow[] = [
  {
    id: "mimecast-invalid-recipient",
    said_by: "Mimecast",
    codes: [550],
    text: /^Invalid Recipient - https:\/\/\S*mimecast/i,
    reason: "mailbox_unknown",
    source: MIMECAST,
    example: "550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550 [xxxxxxxxxx.uk1]",
  },
  {
    id: "mimecast-reputation",
    said_by: "Mimecast",
    codes: [550, 554],
    text: /csi\.mimecast\.org|Poor Reputation Sender/i,
    reason: "client_blocked",
    source: MIMECAST,
    example: "550 csi.mimecast.org Poor Reputation Sender. - https://community.mimecast.com/docs/DOC-1369#550",
  },
  {
    id: "mimecast-greylist",
    said_by: "Mimecast",
    codes: [451],
    text: /Internal resources? (?:is |are )?temporarily unavailable/i,
    reason: "greylisted",
    source: MIMECAST,
    example: "451 Internal resource temporarily unavailable - https://community.mimecast.com/docs/DOC-1369#451",
  },
  {
    id: "mimecast-blocked",
    said_by: "Mimecast",
    codes: [550, 421],
    text: /Administrative prohibition - envelope blocked|Rejected by header based|Sender address blocked|Anti-?Spoofing policy/i,
    reason: "policy",
    source: MIMECAST,
    example: "550 Administrative prohibition - envelope blocked - https://community.mimecast.com/docs/DOC-1369#550",
  },
  {
    id: "mimecast-recipient-later",
    said_by: "Mimecast",
    codes: [451],
    text: /Recipient temporarily unavailable/i,
    reason: "deferred",
    source: MIMECAST,
    example: "451 Recipient temporarily unavailable - https://community.mimecast.com/docs/DOC-1369#451",
  },
  {
    id: "mimecast-busy",
    said_by: "Mimecast",
    codes: [421],
    text: /Unable to process connection at this time/i,
    reason: "server_busy",
    source: MIMECAST,
    example: "421 Unable to process connection at this time - https://community.mimecast.com/docs/DOC-1369#421",
  },
  {
    id: "proofpoint-blocked",
    said_by: "Proofpoint",
    codes: [554, 550],
    text: /ipcheck\.proofpoint\.com/i,
    reason: "client_blocked",
    source: PROOFPOINT,
    example: "554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1",
  },
  {
    id: "proofpoint-deferred",
    said_by: "Proofpoint",
    codes: [421, 451],
    text: /ipcheck\.proofpoint\.com/i,
    reason: "client_blocked",
    source: PROOFPOINT,
    example: "421 Deferred - see https://ipcheck.proofpoint.com/?ip=192.0.2.1",
  },
  {
    id: "proofpoint-essentials-invalid",
    said_by: "Proofpoint Essentials",
    codes: [550],
    text: /User email address is marked as invalid/i,
    reason: "mailbox_unknown",
    source: PROOFPOINT_ESSENTIALS,
    example: "550 5.7.1 <someone@example.org>: Recipient address rejected: User email address is marked as invalid.",
  },
  {
    id: "barracuda-reputation",
    said_by: "Barracuda",
    codes: [550, 554],
    text: /barracudacentral\.org|Barracuda Reputation/i,
    reason: "client_blocked",
    source: BARRACUDA,
    example: "554 Service unavailable; Client host [mx.example.net] blocked using Barracuda Reputation; http://www.barracudacentral.org/q.cgi?ip=192.0.2.1",
  },
  {
    id: "barracuda-blocked",
    said_by: "Barracuda",
    codes: [550, 554],
    text: /permanent failure for one or more recipients \(.*:blocked\)/i,
    reason: "policy",
    source: BARRACUDA,
    example: "550 permanent failure for one or more recipients (someone@example.org:blocked)",
  },
  {
    id: "barracuda-no-such-user",
    said_by: "Barracuda",
    codes: [550, 554],
    text: /\bcuda_nsu\b/,
    reason: "mailbox_unknown",
    verbatim: true,
    source: BARRACUDA_NSU,
    example: "550 cuda_nsu 5.1.1 <someone@example.org>: Recipient address rejected: User unknown in relay recipient table",
  },
  {
    id: "cisco-reputation",
    said_by: "Cisco Secure Email",
    codes: [554, 550],
    text: /rejected due to the sending MTA's poor reputation|Your access to (?:this mail system|submit messages)/i,
    reason: "client_blocked",
    source: CISCO,
    example: "554 Your access to this mail system has been rejected due to the sending MTA's poor reputation.",
  },
  {
    // The gateway gives the same reply for a domain that it does not serve: if the mail host was wrong, the mailbox may well exist.
    id: "cisco-recipient",
    said_by: "Cisco Secure Email",
    codes: [550],
    text: /#5\.1\.0 Address rejected/i,
    reason: "refused",
    source: CISCO_RECIPIENT,
    example: "550 #5.1.0 Address rejected.",
  },
  {
    id: "cisco-recipient-rate",
    said_by: "Cisco Secure Email",
    codes: [452, 450],
    text: /Too many recipients received (?:this hour|from)/i,
    reason: "rate_limited",
    source: CISCO,
    example: "452 Too many recipients received this hour",
  },
  {
    id: "spamhaus-listed",
    said_by: "Spamhaus",
    codes: [550, 553, 554, 571, 521, 451, 450],
    text: /spamhaus/i,
    reason: "client_blocked",
    source: SPAMHAUS,
    example: "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1",
  },
  {
    id: "spamcop-listed",
    said_by: "SpamCop",
    codes: [550, 553, 554, 571, 451],
    text: /spamcop/i,
    reason: "client_blocked",
    source: SPAMCOP,
    example: "550 5.7.1 Blocked - see https://www.spamcop.net/bl.shtml?192.0.2.1",
  },
  {
    id: "trend-listed",
    said_by: "Trend Micro",
    codes: [550, 554, 450],
    text: /trendmicro|mail-abuse\.(?:com|org)/i,
    reason: "client_blocked",
    source: TREND,
    example:
      "550 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using Trend Micro Email Reputation Service. Please see http://www.mail-abuse.com/cgi-bin/lookup?ip_address=192.0.2.1",
  },
];
