import { get } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { main } from "../../../runner/cli/cli.js";

export interface Serving {
  readonly address: string;
  /** What was printed on stderr so far. */
  err(): string;
  /** Resolves with the exit code. */
  stop(): Promise<number>;
}

/** Runs `probe-run serve` in this process, on a free port. */
export async function startServing(words: readonly string[], cwd = process.cwd()): Promise<Serving> {
  let text = "";
  let interrupt: () => void = () => undefined;
  let ready: () => void = () => undefined;
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const screen = { isTty: false, columns: 80 };
  const ended = main(["serve", "--listen", "127.0.0.1:0", ...words], {
    out: async () => undefined,
    err(piece) {
      text += piece;
      if (text.includes("/probe\n")) ready();
    },
    stdin: nothing(),
    stdout: screen,
    stderr: screen,
    env: {},
    cwd,
    onInterrupt(listener) {
      interrupt = () => listener();
      return () => undefined;
    },
  });
  await Promise.race([isReady, ended]);
  const address = /at (http:\/\/\S+)\/probe\n/.exec(text)?.[1];
  if (address === undefined) throw new Error(`it does not serve: ${text}`);
  const stop = async (): Promise<number> => {
    interrupt();
    return ended;
  };
  return { address, err: () => text, stop };
}

async function* nothing(): AsyncIterable<Uint8Array> {}

/** A request that is addressed to another name: fetch sets the Host field by itself. */
export async function getAs(host: string, url: string, headers: Record<string, string> = {}): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { ...headers, host } }, (response) => {
      textOf(response).then((text) => resolve({ status: response.statusCode, text }), reject);
    }).on("error", reject);
  });
}

export interface Scraped {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  /** By what stands before the value. */
  readonly samples: Readonly<Record<string, number>>;
}

export async function scrape(address: string, parameters: Readonly<Record<string, string>>, headers: Record<string, string> = {}): Promise<Scraped> {
  const response = await fetch(`${address}/probe?${new URLSearchParams(parameters)}`, { headers });
  const text = await response.text();
  const lines = text.split("\n").filter((line) => /^[a-z_]+(?:\{.*\})? \S+$/.test(line));
  const samples = Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
  return { status: response.status, type: response.headers.get("content-type"), text, samples };
}
