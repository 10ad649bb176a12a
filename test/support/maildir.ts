import { randomUUID } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Placement {
  /** As the server writes it in Maildir++: modified UTF-7, with dots between its levels. Default: INBOX. */
  folder?: string;
  /** IMAP's INTERNALDATE. */
  arrived?: Date;
  /** Maildir's flags: S for \Seen, F for \Flagged, T for \Deleted. */
  flags?: string;
}

export interface Owner {
  readonly userId: number;
  readonly groupId: number;
}

/** Puts a message into a Maildir as a delivery does: a server that is running sees it whole, or not at all. */
export function putIntoMaildir(maildir: string, owner: Owner, message: string | Uint8Array, { folder = "INBOX", arrived, flags = "" }: Placement = {}): string {
  const target = folderOf(maildir, folder);
  makeMaildir(maildir, owner);
  makeMaildir(target, owner);
  const name = `${Math.floor((arrived ?? new Date()).getTime() / 1000)}.${randomUUID()}.test`;
  const beside = join(target, "tmp", name);
  writeFileSync(beside, message);
  chownSync(beside, owner.userId, owner.groupId);
  if (arrived !== undefined) utimesSync(beside, arrived, arrived);
  const path = flags === "" ? join(target, "new", name) : join(target, "cur", `${name}:2,${flags}`);
  renameSync(beside, path);
  return path;
}

/** Every message that lies in a folder, whatever its flags. */
export function readMaildir(maildir: string, folder = "INBOX"): string[] {
  const target = folderOf(maildir, folder);
  return ["new", "cur"].flatMap((part) => {
    const files = join(target, part);
    return existsSync(files) ? readdirSync(files).map((name) => readFileSync(join(files, name), "latin1")) : [];
  });
}

function folderOf(maildir: string, folder: string): string {
  return folder === "INBOX" ? maildir : join(maildir, `.${folder}`);
}

function makeMaildir(path: string, { userId, groupId }: Owner): void {
  if (existsSync(join(path, "cur"))) return;
  for (const part of ["", "cur", "new", "tmp"]) {
    mkdirSync(join(path, part), { recursive: true });
    chownSync(join(path, part), userId, groupId);
  }
}
