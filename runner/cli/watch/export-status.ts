import { ExportFolder } from "../../serve/status/export-files.js";
import type { StatusSite } from "../../serve/status/status-site.js";

const EXPORT_EVERY_MS = 60_000;

/** Writes the pages now, every minute, and once more at the end. Returns the end. */
export async function exportStatus(path: string, site: StatusSite, tell: (message: string) => void): Promise<() => Promise<void>> {
  const folder = await ExportFolder.open(path);
  await folder.write(await site.files());
  let last: Promise<void> = Promise.resolve();
  const again = (): void => {
    last = last.then(async () => folder.write(await site.files())).catch((error: unknown) => tell(`the pages cannot be exported: ${(error as Error).message}`));
  };
  const timer = setInterval(again, EXPORT_EVERY_MS);
  return () => {
    clearInterval(timer);
    again();
    return last;
  };
}
