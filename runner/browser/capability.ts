import { SocksProxy } from "../net/socks/proxy.js";
import { failureError } from "../run/failure-error.js";
import { Recorder } from "../run/recorder.js";
import { ENDED, type RunState, type WireRun } from "../run/run-state.js";
import { writeArtifact } from "./artifacts.js";
import type { BrowserPage } from "./browser-page.js";
import { type PageHostsInput, pageHosts } from "./page-hosts.js";
import { PrivateBrowser } from "./private-browser.js";
import { BrowserSession } from "./session.js";

export interface BrowserInput extends PageHostsInput {
  readonly viewport: { readonly width: number; readonly height: number };
  readonly locale: string;
  readonly ignoreCertificates: boolean;
  readonly connectTimeoutMs: number;
  readonly maxBytes: number;
  readonly maxMemoryBytes: number;
}

export interface BrowserGrant {
  /** Starts a browser with an empty profile, whose only way to the network is a proxy that keeps to the run's address policy. */
  open(input: BrowserInput): Promise<BrowserPage>;
  /** Whether files are wanted. */
  readonly wantsArtifacts: boolean;
  /** Writes a file, if files are wanted, and gives its name. */
  save(name: string, ending: "png" | "har", content: Buffer | object): string | null;
}

/** For the start of the browser, and for each of its first answers. */
const LAUNCH_MS = 30_000;

export function browserGrant(state: RunState): BrowserGrant {
  const { artifacts, secrets } = state;
  return {
    open: (input) => open(state, input),
    wantsArtifacts: artifacts !== null,
    save(name, ending, content) {
      if (artifacts === null) return null;
      const bytes = Buffer.isBuffer(content) ? content : `${JSON.stringify(secrets.maskAll(content), null, 2)}\n`;
      return writeArtifact(artifacts, fileName(secrets.mask(name)), ending, bytes);
    },
  };
}

function fileName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 120);
}

async function open(state: RunState, input: BrowserInput): Promise<BrowserPage> {
  let session: BrowserSession | null = null;
  const exceeded = (): void => session?.over(failureError("step", "limit_exceeded", `the pages took more than ${input.maxBytes} bytes`));
  const proxy = await SocksProxy.start({ ...policyOf(state, input), exceeded });
  let browser: PrivateBrowser | null = null;
  try {
    browser = new PrivateBrowser();
    const { viewport, locale, ignoreCertificates } = input;
    const context = await untilEnd(state, browser.launch({ proxyPort: proxy.port, viewport, locale, ignoreCertificates, timeoutMs: LAUNCH_MS }));
    const page = context.pages()[0] ?? (await context.newPage());
    session = new BrowserSession(state, browser, proxy, context, page, input.maxMemoryBytes);
    await session.prepare(LAUNCH_MS);
    return session;
  } catch (error) {
    await (session === null ? browser?.end(false) : session.end());
    proxy.close();
    throw error;
  }
}

async function untilEnd<Result>(state: RunState, starting: Promise<Result>): Promise<Result> {
  starting.catch(() => undefined);
  let forget: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    forget = state.deadline.onEnd((reason) => reject(failureError("probe", reason, `${ENDED[reason]} while the browser started`)));
  });
  try {
    return await Promise.race([starting, ended]);
  } finally {
    forget();
  }
}

function policyOf(state: RunState, input: BrowserInput) {
  const { recorder, deadline, secrets, targets } = state;
  const { isNamed, refuseHost, refuseAddress } = pageHosts(input);
  // The address of the output is that of the page, and not of a third party.
  const ofPage: WireRun = { deadline, secrets, targets, recorder: recorder.untimed() };
  const ofOthers: WireRun = { deadline, secrets, targets, recorder: new Recorder(null) };
  return {
    run: (host: string) => (isNamed(host) ? ofPage : ofOthers),
    refuseHost,
    refuseAddress,
    connectTimeoutMs: input.connectTimeoutMs,
    maxBytes: input.maxBytes,
  };
}
