/** True when a text can stand in one line of a line protocol: no CR, no LF, no NUL. */
export function isOneLine(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit === 13 || unit === 10 || unit === 0) return false;
  }
  return true;
}
