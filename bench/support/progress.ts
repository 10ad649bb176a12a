/** One line that is written over, and only where a person watches. */
export interface Progress {
  say(text: string): void;
  clear(): void;
}

export function progressOn(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return { say() {}, clear() {} };
  const write = (text: string): void => void stream.write(`\r\x1b[K${text}`);
  return { say: write, clear: () => write("") };
}
