import { Folder, type SpecialUse } from "./folder.js";

export type FolderListener = (folder: Folder) => void;

const FOLDERS: readonly [string, SpecialUse | null][] = [
  ["INBOX", null],
  ["Junk", "\\Junk"],
];

/** One person's mail: what a lab's mail servers deliver into, and its IMAP servers show. */
export class MailStore {
  readonly folders: readonly Folder[];
  readonly #listeners = new Set<FolderListener>();

  constructor(folders = FOLDERS) {
    // A new store has other messages: its UIDs must not be confused with the old ones (RFC 9051, 2.3.1.1).
    const uidValidity = Math.floor(Date.now() / 1000);
    const changed = (folder: Folder): void => this.#listeners.forEach((listener) => void listener(folder));
    this.folders = folders.map(([name, specialUse]) => new Folder(name, specialUse, uidValidity, changed));
  }

  get inbox(): Folder {
    return this.folders[0] as Folder;
  }

  get junk(): Folder {
    return this.folders[1] as Folder;
  }

  /** INBOX is called so in any letters (RFC 9051, 5.1). */
  folder(name: string): Folder | null {
    const wanted = name.toUpperCase() === "INBOX" ? "INBOX" : name;
    return this.folders.find((folder) => folder.name === wanted) ?? null;
  }

  /** Calls back whenever a folder has changed; gives back how to stop listening. */
  onChange(listener: FolderListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
