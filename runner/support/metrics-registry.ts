/** Parts of a process that live as long as it does, and tell of themselves to whoever asks for its metrics. */
const parts: (() => string[])[] = [];

/** From now on these lines are told, too. */
export function registerMetrics(lines: () => string[]): void {
  parts.push(lines);
}

/** Text for Prometheus; empty where nobody tells anything. */
export function liveMetrics(): string {
  return parts
    .map((lines) =>
      lines()
        .map((line) => `${line}\n`)
        .join(""),
    )
    .join("");
}
