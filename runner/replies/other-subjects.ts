import type { BounceClass } from "../../schemas/bounce.js";
import type { RcptReason } from "../../schemas/rcpt.js";
import type { ReplyText } from "./reply-text.js";

/**
 * What a refusal of RCPT may be about instead of the mailbox. If a reply says any of this, neither its enhanced code nor a phrase in it
 * decides that the mailbox does not exist: a server that checks our sender quotes "user unknown", a policy is written as 5.1.1.
 */
export interface OtherSubject {
  readonly id: string;
  readonly reason: RcptReason;
  readonly class?: BounceClass;
  /**
   * everything: also that a mailbox is full ("quota exceeded" may count messages). existence: that it is missing or disabled. bare codes: only
   * what an enhanced code says without words that fit.
   */
  readonly doubts: "everything" | "existence" | "bare codes";
  readonly applies: (reply: ReplyText) => boolean;
}

/** The subject of the refusal, if it is not, or not certainly, the mailbox. Null: nothing in it speaks against the mailbox. */
export function otherSubjectOf(reply: ReplyText): OtherSubject | null {
  return SUBJECTS.find(({ applies }) => applies(reply)) ?? null;
}

/** Named in the reply whatever its words are. It also stops a verbatim row. */
export function namesAnotherAddress({ mentions }: ReplyText): boolean {
  return mentions.sender || mentions.stranger;
}

function says(pattern: RegExp): (reply: ReplyText) => boolean {
  return ({ words }) => pattern.test(words.replace(HARMLESS, " "));
}

/**
 * Contains words of below and means none of them. Exim's "Callout verification failed" introduces what the next host answered for the
 * recipient; a failed check of the sender begins otherwise.
 */
const HARMLESS =
  /^callout verification failed:(?= [45]\d\d )|,? ?\brelay \d[\d.]{6,14}|\bin reply to (?:[\w ]{1,30}) commands?\b|\breturn(?:ed|ing)? to (?:the )?sender\b|\b(?:in|from) (?:\w{1,20} )?(?:relay|local|virtual)[\w ]{0,30}\b(?:table|maps?|list|database|domain)\b|\b(?:e-?mail|recipient'?s?) address for typos\b|\bclosing (?:the )?(?:connection|transmission channel)\b|\bclick here\b|\bif you (?:believe|think|feel)\b.{0,160}/gi;

const SENDER =
  /\bsenders?\b|\boriginat(?:ors?|ing)\b|\bauthors?\b|\b(?:return|bounce) (?:address|mailbox|recipient)\b|\bbounces\b|\breply[- ]?to\b|\b(?:votre|vos|ihre?[nmrs]?|vostr[aoie]|uw)\b|\b(?:su|tu|seu|sua) (?:direcci[óo]n|cuenta|servidor|ip|conta|endere[çc]o)\b|您的|你的|\b(?:return|reverse|backward)[- ]?path\b|\benvelope[- ]?from\b|\bmail[- ]?from\b|\bbad ?mail ?from\b|\bfrom[ :]+(?:address|domain|header|@)|\bfrom:|\byour (?:own )?(?:(?:e-?mail|mail|envelope|return|smtp|from|source|sending) ){0,2}(?:address|account|domain|mailbox|host(?:name)?|server|ip|network|provider|isp|name|mta|organi[sz]ation|system|user(?:name)?|country|client)\b|\bsending(?! to\b)|\bsubmi(?:t|ssion|tted|tter)\w*|\bout(?:bound|going)\b|\babsender\w*|\bexp[ée]diteurs?\b|\bremitentes?\b|\bmittente\b|\bremetente\b|\bafzender\b|\bavs[äe]ndare\b|\bnadawc\w*|\bотправител\w*|发件人|寄件者/i;

const VERIFICATION = /\b(?:re)?verif(?:y|ies|ied|ier|ying|ication|iable)\b|\bunverif\w*|\bcall-?(?:outs?|backs?|ed)\b|\bcall (?:out|back)\b|\bchallenge\w*/i;

/** Messages or recipients that are counted: policyd's quotas, hourly limits. */
const COUNT =
  /\b(?:messages?|mails?|e-?mails?|recipients?|rcpts?|connections?|count|rate|hourly|daily|sending|polic(?:y|ies|yd)) (?:count )?(?:quota|limit|rate|count)\b|\bquota(?:s)? (?:of|for|on) (?:\w+ ){0,2}(?:messages?|mails?|e-?mails?|recipients?)\b|\b(?:messages?|mails?|e-?mails?|recipients?) (?:per|an?|each) (?:hour|day|minute|second|connection|session)\b|\bper (?:hour|day|minute|second)\b|\btoo (?:many|much|fast|quickly|frequent\w*)\b|\brate[- ]?limit\w*|\bthrottl\w*|\bfrequen\w+\b|\bslow down\b|\bcount quota\b/i;

const CLIENT =
  /\bclients?\b|\bip\b|\bips\b|\b(?:source|remote|connecting|peer|originating|sending) (?:address|host|server|system|mta)\b|\b(?:helo|ehlo)\b|\breverse (?:dns|lookup|hostname)\b|\b(?:ptr|rdns|fcrdns)\b|\b(?:black|block|deny|gr[ea]y|white|allow|safe|black)[- ]?list\w*|\bdns-?[bw]l\w*|\brbls?\b|\breputation\b|\bspamhaus\b|\bspamcop\b|\bsorbs\b|\bbarracuda\b|\bsenderbase\b/i;

const RELAY =
  /\brelay\w*|\brcpthosts\b|\bnot a gateway\b|\b(?:do|does|is|are|will|can) not (?:accept|handle|host|serve|receive|process|responsible)\w* (?:any )?(?:e-?mails?|mail|messages)? ?(?:for|to) (?:this|that|the) (?:\w+ )?domain\b/i;

const DOMAIN =
  /\b(?:unknown|invalid|unrout[e]?able|no such|bad|non-?existent|unresolvable|unsupported|illegal|undefined|expired|suspended|disabled)(?: or \w+)? (?:(?:recipient|rcpt|mail|e-?mail|destination|local|virtual|target|user)(?:'?s)? ){0,2}(?:domains?|hosts?(?: name)?|mail ?hosts?|mail servers?|servers?|systems?)\b|\b(?:domain|host)(?: name)?(?: part)?:?(?: ?[@%])?(?: ?(?:of|in|for) [\w@%. ]{1,40}?)?:?,? (?:(?:is|was|has|does|do|can|could|are) )?(?:currently |been )?(?:not|unknown|invalid|non-?existent|nonexistent|unrout|never|no longer|expired|suspended|disabled|deactivated|inactive|locked)\b|\bno (?:such )?(?:domain|host|mx|route)\b|\b(?:user|mailbox|recipient|account|address) or (?:the )?(?:domain|host)\b|\b(?:domain|host) or (?:the )?(?:user|mailbox|recipient|account|address)\b|\b(?:account|user|mailbox|recipient|address)[/&](?:domain|host)\b/i;

const SYSTEM =
  "(?:look-?ups?|ldap|active directory|sql|mysql|pgsql|postgres\\w*|database|directory|dns|nis|nss|back-?end|resolver|quer(?:y|ies)|table|map|service|server|socket|daemon|proxy|alias\\w*|nameserver)";
const LOOK_UP = new RegExp(
  [
    `\\b${SYSTEM}\\b.{0,40}?\\b(?:fail\\w*|errors?|tim(?:ed?|ing)[- ]?out|timeout|unavailable|down|unreachable|offline|busy|not (?:available|responding|reachable|working|configured)|problems?|refused|(?:can|could) not|unable)\\b`,
    `\\b(?:fail(?:ed|ure|s|ing)?|errors?|problems?|unable to|time-?out|timed out|(?:can|could) not) (?:to |in |of |with |while |during |by )?(?:connect\\w*|reach\\w*|query\\w*|look\\w*|access\\w*|contact\\w*|open\\w*|resolv\\w*|determin\\w*|check\\w*|validat\\w*|search\\w*|read\\w*|do\\w*|perform\\w*)?\\b.{0,30}?\\b${SYSTEM}\\b`,
    "\\b(?:look-?up|lookup) (?:fail|err|problem|time)\\w*",
    "\\bno (?:answer|response|reply|connection)\\b|\\b(?:did|does) not (?:answer|respond|reply)\\b|\\bconnect(?:ion|ing)? (?:to|refused|timed|failed|reset|lost)\\b",
    "\\b(?:(?:can|could) not|unable to|failed to) (?:determine|check|validate|resolve|look up|confirm|establish)\\b",
    "\\b(?:internal|local|system|server|software|configuration|config|processing|program|database|disk|i/?o|resource) (?:errors?|problems?|failures?|faults?)\\b|\\bmisconfigur\\w*|\\bconfiguration\\b|\\bout of (?:memory|disk)\\b",
  ].join("|"),
  "i",
);

const POLICY =
  /\bpolic(?:y|ies|yd)\b|\bpreferences?\b|\bsettings?\b|\brules?\b|\bprohibit\w*|\bforbid\w*|\bforbidden\b|\b(?:dis)?allow\w*|\b(?:not|isn t|no) (?:permitted|accepted|eligible|entitled|subscribed)\b|(?<!\bmailbox disabled,? )\b(?:not|isn t|no) accepting\b|\bpermi(?:t|ts|tted|ssions?)\b|\bauthori[sz]\w*|\bunauthori[sz]\w*|\bauthenticat\w*|\bcredentials?\b|\blog-?in\b|\bpasswords?\b|\bden(?:y|ied|ies|ial)\b|\baccess\b|\brestrict\w*|\bblock(?:ed|ing|s)?\b|\bbann(?:ed|ing)\b|\bbans?\b|\bspam\w*|\bjunk\b|\bunsolicited\b|\bbulk\b|\babus\w*|\bphish\w*|\bvirus\w*|\bmalware\b|\bcontent\b|\bsuspicious\w*|\bsuspect\w*|\bsecurity\b|\bcomplian\w*|\badministrativ\w*|\bby (?:the |our |an? )?(?:(?:system |local |mail |domain )?(?:administrator|admin|owner|user|recipient|postmaster))\b|\bmoderat\w*|\bmembers?\b|\bmembership\b|\bsubscribers?\b|\bquarantin\w*|\bfilter\w*|\bunwanted\b|\bdeclin\w*|\bopt(?:ed)?[- ]?(?:out|in)\b|\bunsubscribed?\b|\b(?:dmarc|dkim|spf|arc|dane|mta-sts)\b|\b(?:start)?tls\b|\bencrypt\w*|\bcertificates?\b|\bexternal\b|\binternal(?:ly)?\b|\bintranet\b|\b(?:licen[cs]e|trial|quota|payment|invoice|billing)\b|\bover ?quota\b|\bgroups?\b|\b(?:mailing )?list (?:is|was|owner|moderat)\w*|\bfraud\w*|\bloops?\b|\bloops\b|\bregion\w*|\brichtlinie\w*|\bpolitique\b|\bpol[ií]tica\b|\brefus[ée]\b|\bgesperrt\b|\babgelehnt\b/i;

const LIMIT = /\blimit(?:s|ed|ation\w*)?\b|\bexceed\w*|\bvolume\b|\bmaxim(?:um|al)\b|\btoo (?:large|big|long)\b|\bsize\b|\bmax\b|\bfull\b|\bstorage\b/i;

const SYNTAX =
  /\bsyntax\w*|\bmalform\w*|\bformat\w*|\billegal\b(?! (?:alias|user|recipient|mailbox|addressee)\b)|\bpars(?:e|er|ing)\b|\bcharacters?\b|\bbad sequence\b|\bcommand\b|\bargument\w*|\bparameters?\b|\bnon-?ascii\b|\b(?:smtp)?utf-?8\b/i;

const FOR_NOW =
  /\btempor\w*|\b(?:try|retry|send)\w*(?: it)?(?: again)? later\b|\btry again\b|\bat (?:this|the) (?:time|moment)\b|\bin progress\b|\bright now\b|\bjust now\b|\bcurrently (?:un|not|down|busy|offline)\w*|\bundergoing\b|\bmaintenance\b|\bbusy\b|\bbeing (?:moved|migrated|created|updated)\b|\bmigrat\w*|\bpending\b|\bawaiting\b|\bnot yet\b|\bvacation\b/i;

/** What is unknown, invalid or missing here is no mailbox; or the mailbox is there, and something else is wrong. */
const ANOTHER_THING =
  /\b(?:unknown|unspecified|undefined|undetermined|unexpected|invalid|bad|wrong|missing|unsupported|no (?:valid )?)(?: or \w+)? ?(?:\w{1,12} ){0,1}(?:reasons?|errors?|problems?|causes?|failures?|issues?|exceptions?|faults?|sources?|status|states?|conditions?|sessions?|protocols?|greetings?|mailers?|transports?|charsets?|encodings?|countr(?:y|ies)|hops?|hop count|tokens?|signatures?|headers?|networks?|mx|versions?|times?(?:tamps?)?)\b|\b(?:errors?|failures?|problems?|faults?|exceptions?) (?:while|when|during|in|on|at)\b|\bexists?,? (?:but|however|yet|although)\b|\bgreeting\b|\bgo away\b|\bnot welcome\b|\bholidays?\b|\bout of (?:the )?office\b/i;

/** "the account may not exist", "unknown or not accepting mail": one of several possibilities. */
const HEDGE =
  /\b(?:may|might)(?: also| well| either| simply)? (?:not|no longer|be|have|never)\b|\bcould (?:also |well )?(?:be|have)\b|\bpossib(?:le|ly)\b|\bperhaps\b|\bmaybe\b|\bprobabl\w+\b|\beither\b|\bwhether\b|\b(?:unavailable|full|blocked|denied|rejected|refused|locked|busy),? or\b|\b(?:unknown|invalid|found|exists?|valid|user|mailbox|recipient|account|address|here) or (?!unknown|invalid|non-?exist|illegal|no such|not (?:found|valid|known|exist)|does not|is (?:unknown|invalid)|mis(?:s|t)|mistyped|incorrect|deleted|removed|disabled|suspended|inactive|deactivated|discontinued|closed|unnecessary|mailbox|recipient|account|user|address\b|alias|addressee)|\bor (?:the )?(?:account|mailbox|user|recipient) (?:is|has|was) (?!unknown|invalid|not found|deleted|disabled|inactive|been (?:deleted|disabled|removed))/i;

/** A code in the words that is not the reply's own: what is quoted there is about something else, or holds for now. */
const ANOTHER_CODE = /(?:^|[^\d.])(5\.1\.[78]|[45]\.7\.\d{1,3}|4\.\d\.\d{1,3}|4[25]\d(?=[ -](?:4\.\d|[a-z])))(?![\d.]\d)/gi;

function quotesAnotherCode({ words, enhanced }: ReplyText): boolean {
  return [...words.matchAll(ANOTHER_CODE)].some(([, code]) => code !== enhanced);
}

/** Enhanced codes of syntax, of the sender, and of policies that name something else than an account. */
const CODES_OF_OTHERS = /^5\.(?:1\.[78]|7\.(?:[2-9]|1[0-24-68-9]|2\d))$/;

const IP_ADDRESS = /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/;

const SUBJECTS: readonly OtherSubject[] = [
  { id: "names-our-sender", reason: "sender_refused", doubts: "everything", applies: ({ mentions }) => mentions.sender },
  { id: "about-verification", reason: "sender_refused", class: "configuration", doubts: "everything", applies: says(VERIFICATION) },
  { id: "about-message-count", reason: "rate_limited", doubts: "everything", applies: says(COUNT) },
  { id: "about-sender", reason: "sender_refused", doubts: "everything", applies: says(SENDER) },
  { id: "about-client", reason: "client_blocked", doubts: "everything", applies: says(CLIENT) },
  { id: "names-another-address", reason: "refused", doubts: "everything", applies: ({ mentions }) => mentions.stranger },
  { id: "about-relaying", reason: "relay_denied", doubts: "existence", applies: says(RELAY) },
  { id: "about-domain", reason: "relay_denied", doubts: "existence", applies: says(DOMAIN) },
  { id: "about-look-up", reason: "server_fault", doubts: "existence", applies: says(LOOK_UP) },
  { id: "about-policy", reason: "policy", doubts: "existence", applies: says(POLICY) },
  { id: "about-syntax", reason: "refused", doubts: "existence", applies: says(SYNTAX) },
  { id: "about-limit", reason: "refused", doubts: "existence", applies: says(LIMIT) },
  { id: "about-another-thing", reason: "refused", doubts: "existence", applies: says(ANOTHER_THING) },
  { id: "for-now", reason: "refused", doubts: "existence", applies: says(FOR_NOW) },
  { id: "one-of-several", reason: "refused", doubts: "existence", applies: says(HEDGE) },
  { id: "quotes-another-reply", reason: "refused", doubts: "existence", applies: quotesAnotherCode },
  { id: "code-of-another-subject", reason: "refused", doubts: "existence", applies: ({ enhanced }) => enhanced !== null && CODES_OF_OTHERS.test(enhanced) },
  { id: "names-an-ip-address", reason: "refused", doubts: "bare codes", applies: says(IP_ADDRESS) },
  { id: "locked-or-refused", reason: "refused", doubts: "bare codes", applies: says(/\block(?:ed|ing)?\b|\brefus\w*|\baccept\w*/i) },
];
