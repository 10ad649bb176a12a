/** True when a text can stand in one line of a line protocol: no CR, no LF, no NUL. */
export function isOneLine(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit === 13 || unit === 10 || unit === 0) return false;
  }
  return true;
}

/** Without these characters at its end. In linear time, which an expression such as /=+$/ does not take: it begins again at every character. */
export function trimEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Without these characters at both ends. */
export function trimBoth(text: string, characters: string): string {
  let begin = 0;
  while (begin < text.length && characters.includes(text.charAt(begin))) begin++;
  return trimEnd(text.slice(begin), characters);
}

/** RFC 4648, section 4. */
export function isBase64(value: string): boolean {
  return value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}
