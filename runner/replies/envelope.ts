/** The addresses of the transaction that a reply belongs to. Null: unknown, or the null reverse-path. */
export interface Envelope {
  readonly sender: string | null;
  readonly recipient: string | null;
}

export const NO_ENVELOPE: Envelope = { sender: null, recipient: null };

/** Which addresses a reply names. */
export interface Mentions {
  /** Our sender address, its domain, another address or host in that domain, or the null reverse-path. */
  readonly sender: boolean;
  /** An address that is neither end of the transaction and no contact for questions: the reply, or what it quotes, is about that one. */
  readonly stranger: boolean;
}

/** Any address. Bounded, so that a hostile reply takes linear time. */
export const ADDRESSES = /[^\s<>()[\]"':,;]{1,320}@[^\s<>()[\]"':,;]{1,255}/g;

/** Finds the addresses that a text names. `text` is at most a few thousand characters. */
export function mentionsIn(text: string, { sender, recipient }: Envelope): Mentions {
  const lower = text.toLowerCase();
  const to = addressOf(recipient);
  const from = addressOf(sender);
  // A quoted local part may hold spaces, so the recipient is taken out as a whole first.
  const rest = to === null ? lower : lower.replaceAll(to.address, " ");
  const named = (rest.match(ADDRESSES) ?? []).flatMap((each) => addressOf(withoutEnd(each)) ?? []);
  const others = named.filter((each) => !isAlias(each, to));
  // Two ends in one domain: then only the very address is ours.
  const isShared = from !== null && to !== null && isWithin(to.domain, from.domain);
  const isOurs = (each: Address): boolean => from !== null && (each.address === from.address || (!isShared && isWithin(each.domain, from.domain)));
  const isNamed =
    from !== null && (namesLocalPart(rest, from, to) || (!isShared && !isWithin(from.domain, to?.domain ?? "") && namesDomain(rest, from.domain)));
  return {
    sender: isNamed || others.some(isOurs) || lower.includes("<>"),
    stranger: to !== null && others.some((each) => !isOurs(each) && !isContact(each, rest)),
  };
}

/** A sentence or a bracket may end right after an address. */
function withoutEnd(address: string): string {
  let end = address.length;
  while (end > 0 && (address[end - 1] === "." || address[end - 1] === ">")) end -= 1;
  return address.slice(0, end);
}

interface Address {
  readonly address: string;
  readonly localPart: string;
  readonly domain: string;
}

function addressOf(written: string | null): Address | null {
  if (written === null) return null;
  const address = written.toLowerCase();
  const at = address.lastIndexOf("@");
  return at === -1 ? null : { address, localPart: address.slice(0, at), domain: address.slice(at + 1) };
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}

/** Servers rewrite a recipient to its canonical host: ada@example.org is ada@mail.example.org in the reply. */
function isAlias({ localPart, domain }: Address, recipient: Address | null): boolean {
  return recipient !== null && localPart === recipient.localPart && (isWithin(domain, recipient.domain) || isWithin(recipient.domain, domain));
}

/** Also without an address: `host mx.probe.example.net said: …`. */
function namesDomain(text: string, domain: string): boolean {
  for (let at = text.indexOf(domain); at !== -1; at = text.indexOf(domain, at + 1)) {
    const next = text.slice(at + domain.length, at + domain.length + 2);
    if (!/[\w-]/.test(text[at - 1] ?? " ") && !/^(?:[\w-]|\.[a-z0-9])/.test(next)) return true;
  }
  return false;
}

/** `<bounce>: user unknown`: a server that leaves the domain out. */
function namesLocalPart(text: string, { localPart }: Address, recipient: Address | null): boolean {
  if (localPart === "" || recipient?.localPart === localPart) return false;
  return [`<${localPart}>`, `"${localPart}"`, `'${localPart}'`].some((quoted) => text.includes(quoted));
}

const CONTACTS =
  /^(?:postmaster|abuse|support|help|helpdesk|hostmaster|webmaster|admin|administrator|noc|security|info|contact|service|tosa|delist|unblock|mailer-daemon)(?:[.+-]|$)/;
const ASKS_TO_WRITE =
  /(?:contact|write(?: to)?|e-?mail(?: to)?|mailto:?|ask|report to|questions?(?: to)?|send (?:an? )?(?:e-?mail|mail|message)?(?: to)?|forward to|reach|or|at|via)[\s:<("']*$/;

function isContact({ address, localPart }: Address, text: string): boolean {
  const at = text.indexOf(address);
  return CONTACTS.test(localPart) || ASKS_TO_WRITE.test(text.slice(Math.max(0, at - 40), at));
}
