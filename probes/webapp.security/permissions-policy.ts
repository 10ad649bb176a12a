/**
 * Whether browsers can read a Permissions-Policy: a structured dictionary (RFC 9651, section 3.2) of features and their allowlists
 * (Permissions Policy, section 5.2). The old Feature-Policy syntax, camera 'none', is none.
 */
export function isPermissionsPolicy(value: string): boolean {
  const members = membersOf(value);
  return members !== null && members.length > 0 && members.every((member) => MEMBER.test(member.trim()));
}

/** A feature alone, or with a token, a text or a list in parentheses. What follows a semicolon is a parameter, such as report-to. */
const MEMBER = /^[a-z*][a-z0-9_.*-]*(?:=(?:\*|[A-Za-z][A-Za-z0-9_.:/-]*|"[^"]*"|\?[01]|\([^()]*\)))?(?:;.*)?$/;

/** Cut at the commas between members; null if a quote or parenthesis is not closed. */
function membersOf(value: string): string[] | null {
  const members: string[] = [];
  let begin = 0;
  let isQuoted = false;
  let isInList = false;
  for (let at = 0; at < value.length; at++) {
    const character = value[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (character === "(") isInList = true;
    else if (character === ")") isInList = false;
    else if (character === "," && !isInList) {
      members.push(value.slice(begin, at));
      begin = at + 1;
    }
  }
  return isQuoted || isInList ? null : [...members, value.slice(begin)];
}
