/** Why a list of tags cannot be used. */
export class TagListError extends Error {
  override readonly name = "TagListError";
}

/**
 * A tag=value list (RFC 6376, 3.2), in linear time: names once each, values without the white space around them. Values may hold folding
 * white space inside, which the tag's own syntax allows or not.
 */
export function readTagList(text: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  const parts = text.split(";");
  if (trimmed(parts.at(-1) as string) === "") parts.pop();
  for (const part of parts) {
    const equals = part.indexOf("=");
    const name = trimmed(equals < 0 ? part : part.slice(0, equals));
    if (equals < 0 || !/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) throw new TagListError(`${JSON.stringify(name.slice(0, 40))} is no tag`);
    if (tags.has(name)) throw new TagListError(`the tag ${name.slice(0, 40)} stands twice`);
    const value = trimmed(part.slice(equals + 1));
    if (!isTagValue(value)) throw new TagListError(`the value of ${name.slice(0, 40)} holds characters that are not allowed`);
    tags.set(name, value);
  }
  return tags;
}

/** Printable characters other than the semicolon, and folding white space between them. */
function isTagValue(value: string): boolean {
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if (code < 32 && code !== 9 && code !== 10 && code !== 13) return false;
    if (code === 127) return false;
  }
  return true;
}

const isBlank = (character: string | undefined): boolean => character === " " || character === "\t" || character === "\r" || character === "\n";

/** trim() takes other white space away too, and an expression with two ends may take quadratic time. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

export function withoutBlanks(text: string): string {
  return text.replace(/[ \t\r\n]/g, "");
}

/** The field with the value of its b= taken out (RFC 6376, 3.7), as the signer had it. */
export function withoutSignature(raw: string): string {
  const colon = raw.indexOf(":");
  const parts = raw.slice(colon + 1).split(";");
  const emptied = parts.map((part) => {
    const equals = part.indexOf("=");
    return equals >= 0 && trimmed(part.slice(0, equals)) === "b" ? part.slice(0, equals + 1) : part;
  });
  return `${raw.slice(0, colon + 1)}${emptied.join(";")}`;
}
