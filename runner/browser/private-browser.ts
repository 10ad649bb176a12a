import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext } from "playwright-core";
import { MissingProgramError } from "../program/missing-program.js";
import { isInstalled } from "../support/is-installed.js";
import { findBrowser } from "./find-browser.js";
import { loadPlaywright } from "./load-playwright.js";
import { killAll, memoryOf, processesOf } from "./processes.js";

/** The user that owns nothing. Its number is the same on all Linux systems, and in every container. */
const NOBODY = 65534;
const CLOSE_MS = 1000;
const REMOVE_ATTEMPTS = 5;

export interface BrowserOptions {
  readonly proxyPort: number;
  readonly viewport: { readonly width: number; readonly height: number };
  readonly locale: string;
  readonly ignoreCertificates: boolean;
  readonly timeoutMs: number;
}

/** A browser with a profile of its own in a folder of its own. As root it runs as another user, so that its sandbox stays on. */
export class PrivateBrowser {
  context: BrowserContext | null = null;
  readonly #folder: string;
  #isEnded = false;

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), "probe-run-browser-"));
    // Others may pass through, and read nothing.
    chmodSync(this.#folder, 0o711);
    for (const name of ["profile", "home", "tmp"]) {
      mkdirSync(join(this.#folder, name), { mode: 0o700 });
      if (isRoot()) chownSync(join(this.#folder, name), NOBODY, NOBODY);
    }
  }

  async launch(options: BrowserOptions): Promise<BrowserContext> {
    const browser = findBrowser();
    const { chromium } = await loadPlaywright();
    const { viewport, locale, timeoutMs, ignoreCertificates } = options;
    try {
      const context = await chromium.launchPersistentContext(join(this.#folder, "profile"), {
        executablePath: this.#wrapper(browser),
        headless: true,
        chromiumSandbox: true,
        acceptDownloads: false,
        ignoreHTTPSErrors: ignoreCertificates,
        viewport: { ...viewport },
        locale,
        timeout: timeoutMs,
        // The run ends it: what a signal does is the business of the command.
        ...{ handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false },
        env: this.#environment(),
        args: argumentsOf(options),
        // A page opens no window without a click.
        ignoreDefaultArgs: ["--disable-popup-blocking"],
      });
      this.context = context;
      if (this.#isEnded) throw new Error("ended while it started");
      return context;
    } catch (error) {
      throw this.#isEnded ? error : failedStart(browser, error as Error);
    }
  }

  /** What its processes use; 0 where that is not known. */
  get memoryBytes(): number {
    const pid = this.#pid();
    return pid === null ? 0 : memoryOf(processesOf(pid, this.#home()));
  }

  /** Ends all of its processes, and removes its folder. `politely`: it may close its pages first. */
  async end(politely: boolean): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const closing = this.context?.close().catch(() => undefined);
    if (politely) await Promise.race([closing, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
    const pid = this.#pid();
    if (pid !== null) killAll(pid, this.#home());
    // A process that is just ending may still write to it.
    for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
      try {
        await rm(this.#folder, { recursive: true, force: true });
        return;
      } catch {
        if (pid !== null) killAll(pid, this.#home());
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  #home(): string {
    return join(this.#folder, "home");
  }

  /** Nothing of ours: our environment may hold secrets. */
  #environment(): Record<string, string> {
    const { PATH = "/usr/bin:/bin" } = process.env;
    return { PATH, HOME: this.#home(), TMPDIR: join(this.#folder, "tmp"), LANG: "C.UTF-8" };
  }

  /** It leads the process group that playwright-core makes for it, and leaves its number. */
  #wrapper(browser: string): string {
    const path = join(this.#folder, "browser");
    const asNobody = isRoot() ? `setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups -- ` : "";
    if (isRoot() && !isInstalled("setpriv"))
      throw new MissingProgramError("setpriv", "is not installed", { debian: "util-linux", alpine: "setpriv", fedora: "util-linux", macos: null });
    const script = ["#!/bin/sh", `echo $$ > ${quoted(join(this.#folder, "pid"))}`, `exec ${asNobody}${quoted(browser)} "$@"`];
    writeFileSync(path, `${script.join("\n")}\n`, { mode: 0o755 });
    return path;
  }

  #pid(): number | null {
    try {
      const pid = Number(readFileSync(join(this.#folder, "pid"), "utf8"));
      return Number.isInteger(pid) && pid > 1 ? pid : null;
    } catch {
      return null;
    }
  }
}

function argumentsOf({ proxyPort }: BrowserOptions): string[] {
  return [
    `--proxy-server=socks5://127.0.0.1:${proxyPort}`,
    // Also for this machine's own addresses, which would bypass it.
    "--proxy-bypass-list=<-loopback>",
    // Names are looked up by the proxy, and by nothing else.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    // WebRTC would send datagrams past the proxy.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-crash-reporter",
    "--disable-breakpad",
    "--no-pings",
  ];
}

function failedStart(browser: string, error: Error): Error {
  if (error instanceof MissingProgramError) return error;
  const { message } = error;
  if (/no usable sandbox|sandbox/i.test(message) && /user namespace|SUID|zygote/i.test(message))
    return new MissingProgramError(browser, "has no sandbox here: allow user namespaces, or install chromium-sandbox", null);
  const line = message.split("\n").find((each) => /error|fail|denied|cannot|not found/i.test(each)) ?? message.split("\n")[0];
  return new MissingProgramError(browser, `did not start (${(line ?? "").trim().slice(0, 300)})`, null);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
