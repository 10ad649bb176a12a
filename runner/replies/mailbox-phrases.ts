/**
 * How a server says in English that a mailbox does not exist, or is disabled: a noun for the mailbox, and a predicate that belongs to it.
 * They are read in ReplyText.words, after everything that is about another subject (other-subjects.ts) has been excluded.
 */

const MODIFIER = "(?:(?:e-?mail|mail|local|recipient(?:'?s)?|destination|target|user|virtual|pop|imap|exchange|smtp) )";
const PERSON =
  "(?:users?(?: ?name| ?id| account| mailbox)?|recipients?(?: address(?:es)?| mailbox)?|mail ?box(?:es)?(?: address| account)?|mail-box|accounts?(?: name)?|addressees?|inbox|alias|local[- ]?part|persons?|maildir|mail ?drop|(?:e-?mail|recipient|destination|mailbox|mail|rcpt|to)[- ]address(?:es)?|rcpt|rcpt to)";
const NOUN = `${MODIFIER}{0,2}?${PERSON}`;
/** "recipient domain", "mailbox server": another thing. */
const ALONE =
  "(?!['’]?s?[- ](?:domain|host|server|system|network|limit|quota|polic|group|type|class|list|format|syntax|count|session|agent|password|credential|database|storage|store|size|name ?server|verif|check|filter|preference|setting|service|part\\b)\\w*)\\b";
/** What may stand between the noun and its predicate: the name or address itself. */
const NAME = "(?::? ?(?:@|(?!domain|host|server|system|limit|quota|polic|with|for|or|and|is|was|has|who|which|that\\b)[\\w.+%@-]{1,64}))?";
const IS =
  "(?:(?:is|are|was|were|has been|have been|had been|appears to be|seems to be|address is|marked as|is marked as) )?(?:an? )?(?:currently |already |either )?";

const ABSENT =
  "(?:unknown|not known|not found|not exist(?:ing|s|ent)?|non-?existent|nonexisting|inexistent|invalid|wrong|incorrect|not valid|not a valid \\w+|undefined|not defined|not recogni[sz]ed|unrecogni[sz]ed|not registered|unregistered|not listed|not present|deleted|removed|terminated and deleted|no longer (?:exist\\w*|valid|here|in use|with us|on (?:this|our) (?:server|system)|at this (?:address|company|domain)|works? here|employed)|does not (?:exist|live here)|do not exist|did not exist|doesnt exist|dont exist|exists? not|(?:can|could) not be (?:found|located)|not here|no such (?:user|account|mailbox|recipient|address|person))\\b";

const SUBJECT_FIRST = `(?:^|[^\\w.-])${NOUN}${ALONE}${NAME}(?: ?[:;,-]+| at %| in %| on %)? ?${IS}${ABSENT}`;
const ADDRESS_FIRST = `(?:^|[\\s:;,-])(?:the |this |address )?@(?: ?[:;,.-]+)? ?${IS}${ABSENT}`;
/** A bare "address" means the mailbox only if nothing precedes it. */
const ADDRESS = `^(?:@:? ?)?(?:sorry,? )?(?:the |this |that )?address(?:es)?(?: @)?:? ?${IS}${ABSENT}`;
const PREDICATE_FIRST = [
  `\\bno such ${NOUN}${ALONE}`,
  "\\bno such address(?: here)?\\b(?! (?:in|for) (?:the )?(?:domain name|dns))",
  "\\b(?:there is )?(?:no ?one|nobody) (?:here|at this address|by that name|by this name|with that name)\\b",
  `\\bthere is no (?:such )?(?:\\w+ )?${NOUN}${ALONE}`,
  `\\bno (?:valid |local |known |active |existing )?(?:mail ?box|users?|account|recipient|person|alias|addressee)s? (?:here|by|with|found|named|called|of|at|for|exists?|on|under|matching|registered|known)\\b`,
  "\\bno [\\w.+%-]{1,64} in (?:the )?(?:name|address|user) (?:directory|book)\\b",
  `\\bunknown (?:(?:or|and|or an?) (?:invalid|illegal|non-?existent) )?${NOUN}${ALONE}(?! (?:or|to)\\b)`,
  `\\binvalid (?:or (?:unknown|non-?existent) )?${NOUN}${ALONE}(?! (?:or|to)\\b)`,
  `\\b(?:non-?existent|nonexisting|inexistent|non existing|undefined|bogus|unexisting|unregistered) ${NOUN}${ALONE}`,
  `\\bnot (?:an? |our |any )?(?:valid |known |local |legal |existing |real |registered )${NOUN}${ALONE}`,
  "\\bnot (?:an? |our )(?:user|mailbox|customer|account|recipient)\\b(?! (?:domain|of))",
  "\\bbad destination mailbox(?: address)?(?=[.,;:]|$| @)",
  `\\b(?:(?:can|could) not|unable to|did not|failed to) find (?:the |a |any |such |this |that |your )?(?:\\w+ )?${NOUN}${ALONE}`,
  "\\bdoes not have (?:an?|any) (?:(?:\\S{1,64}) )?(?:account|mailbox|e-?mail address)\\b",
  "\\bhas no (?:account|mailbox)(?: here| on| at|[.,;]|$)",
  `\\b(?:account|user|address|mailbox|recipient|person) (?:that |which |whom? )?you (?:are |were |have )?(?:try\\w*|tried|attempt\\w*|want\\w*|wish\\w*|wrote|entered|specified|sending|sent)[\\w ]{0,40} ${IS}${ABSENT}`,
  "\\b(?:user|account|mailbox|recipient|person) (?:has|have) left\\b",
  "\\brecipient (?:is )?not in (?:my|our|the) (?:valid ?rcpt ?to|recipient|user|address|mailbox)\\w* (?:list|table|file|map)\\b",
].join("|");

/** The phrases of Exim and qmail: an address that no router takes is none of the host's mailboxes. */
const UNROUTEABLE = "^(?:@:? ?)?unroute?able address\\.?$";

const IN_OTHER_LANGUAGES = [
  "\\bdestinataires? (?:invalide|inconnu|inexistant|n'existe pas)",
  "\\b(?:utilisateur|adresse du destinataire) (?:inconnue?|inexistante?)",
  "\\bbo[iî]te (?:aux lettres |mail )?(?:inexistante|inconnue)",
  "\\bempf(?:ä|ae)nger(?:adresse)?(?: @)? (?:ist )?(?:unbekannt|existiert nicht|nicht (?:gefunden|bekannt|vorhanden))",
  "\\b(?:unbekannter (?:benutzer|empf(?:ä|ae)nger|nutzer)|(?:benutzer|postfach|mailbox)(?: @)? (?:unbekannt|existiert nicht|nicht gefunden))",
  "\\b(?:usuario|destinatario|buz[óo]n|cuenta)(?: @)? (?:es )?(?:desconocid[oa]|inexistente|no existe|no encontrad[oa])",
  "\\b(?:utente|destinatario|casella)(?: @)? (?:sconosciut[oa]|inesistente|non (?:esiste|trovat[oa]))",
  "\\b(?:usu[áa]rio|destinat[áa]rio|caixa postal)(?: @)? (?:desconhecid[oa]|inexistente|n[ãa]o (?:existe|encontrad[oa]))",
  "\\b(?:gebruiker|ontvanger)(?: @)? (?:onbekend|bestaat niet)",
  "用户不存在|收件人不存在|邮箱不存在",
].join("|");

export const MAILBOX_ABSENT = new RegExp([SUBJECT_FIRST, ADDRESS_FIRST, ADDRESS, PREDICATE_FIRST, UNROUTEABLE, IN_OTHER_LANGUAGES].join("|"), "i");

const OFF =
  "(?:disabled|suspended|deactivated|inactive|not active|no longer (?:active|available|in use)|discontinued|terminated|expired|cancel+ed|closed|deleted)\\b";
export const MAILBOX_DISABLED = new RegExp(
  [
    `(?:^|[^\\w.-])${NOUN}${ALONE}${NAME}(?: ?[:;,-]+)? ?(?:(?:is|was|has been|have been|are) )?(?:permanently |now |currently )?${OFF}`,
    `\\b(?:disabled|deactivated|inactive|suspended|discontinued|terminated|expired) ${NOUN}${ALONE}`,
  ].join("|"),
  "i",
);
