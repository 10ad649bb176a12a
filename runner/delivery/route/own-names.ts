import { hostname, networkInterfaces } from "node:os";

/** The names of this machine in mail, which identify a host as this machine. Excludes address literals and names without a dot. */
export function ownNames(helloName: string | null): ReadonlySet<string> {
  if (last === null || last.helloName !== helloName) last = { helloName, names: namesOf(helloName) };
  return last.names;
}

/** Thousands of messages use the same name, so the system is asked for it once. */
let last: { readonly helloName: string | null; readonly names: ReadonlySet<string> } | null = null;
let ownName: string | null = null;

function namesOf(helloName: string | null): ReadonlySet<string> {
  ownName ??= hostname();
  return new Set([helloName ?? "", ownName].map((name) => name.toLowerCase()).filter((name) => name.includes(".") && !name.startsWith("[")));
}

/** The public addresses of this machine. Every machine also has the loopback ones. */
export function ownAddresses(): ReadonlySet<string> {
  const now = Date.now();
  if (now - readAt > CACHED_MS) {
    readAt = now;
    known = new Set(
      Object.values(networkInterfaces())
        .flatMap((each) => each ?? [])
        .filter(({ internal }) => !internal)
        .map(({ address }) => address),
    );
  }
  return known;
}

const CACHED_MS = 60_000;
let readAt = Number.NEGATIVE_INFINITY;
let known: ReadonlySet<string> = new Set();
