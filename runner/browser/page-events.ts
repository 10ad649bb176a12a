import type { BrowserContext, ConsoleMessage, Dialog, Download, Page } from "playwright-core";
import { failure } from "../../schemas/failure.js";
import { FailureError } from "../run/failure-error.js";
import type { ConsoleError, SeenDialog } from "./browser-page.js";

const MAX_LISTED = 50;
/** Pages that reload themselves forever, and those that open others forever. */
const MAX_NAVIGATIONS = 50;
const MAX_POPUPS = 20;
const MAX_DIALOGS = 100;

/** What happens in the pages of a browser beside requests. What never ends by itself ends the journey. */
export class PageEvents {
  consoleErrorCount = 0;
  readonly consoleErrors: ConsoleError[] = [];
  readonly dialogs: SeenDialog[] = [];
  readonly downloads: string[] = [];
  popups = 0;
  #dialogCount = 0;
  #navigations = 0;

  constructor(
    context: BrowserContext,
    readonly page: Page,
    readonly end: (error: FailureError) => void,
  ) {
    context.on("page", (opened) => this.#popup(opened));
    context.on("console", (message) => this.#console(message));
    context.on("weberror", (error) =>
      this.#list({ kind: "exception", text: String(error.error()?.message ?? error.error()), url: error.page()?.url() ?? null, line: null }),
    );
    context.on("dialog", (dialog) => this.#dialog(dialog));
    page.on("download", (download) => this.#download(download));
    page.on("crash", () => this.#over("closed", "the page crashed: its process ended"));
    page.on("framenavigated", (frame) => {
      if (frame === page.mainFrame() && ++this.#navigations > MAX_NAVIGATIONS)
        this.#over("limit_exceeded", `the page navigated more than ${MAX_NAVIGATIONS} times`);
    });
  }

  #console(message: ConsoleMessage): void {
    if (message.type() !== "error") return;
    const { url, lineNumber } = message.location();
    this.#list({ kind: "console", text: message.text(), url: url === "" ? null : url, line: url === "" ? null : lineNumber + 1 });
  }

  #list(error: ConsoleError): void {
    this.consoleErrorCount += 1;
    if (this.consoleErrors.length < MAX_LISTED) this.consoleErrors.push(error);
  }

  /** A dialog blocks its page. Leaving a page is agreed to, everything else is declined. */
  #dialog(dialog: Dialog): void {
    if (this.dialogs.length < MAX_LISTED) this.dialogs.push({ type: dialog.type(), message: dialog.message() });
    const answered = dialog.type() === "beforeunload" ? dialog.accept() : dialog.dismiss();
    answered.catch(() => undefined);
    if (++this.#dialogCount > MAX_DIALOGS) this.#over("limit_exceeded", `the page opened more than ${MAX_DIALOGS} dialogs`);
  }

  #download(download: Download): void {
    if (this.downloads.length < MAX_LISTED) this.downloads.push(download.url());
    download.cancel().catch(() => undefined);
  }

  #popup(opened: Page): void {
    if (opened === this.page) return;
    this.popups += 1;
    opened.on("download", (download) => this.#download(download));
    opened.close().catch(() => undefined);
    if (this.popups > MAX_POPUPS) this.#over("limit_exceeded", `the page opened more than ${MAX_POPUPS} windows`);
  }

  #over(code: "closed" | "limit_exceeded", message: string): void {
    this.end(new FailureError(failure("step", code, message)));
  }
}
