/** Why a file that a user named cannot be read, worded alike everywhere. */
export function fileProblem(path: string, error: unknown): string {
  if (path === "") return "the name of the file is empty";
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return `there is no file ${JSON.stringify(path)}`;
  if (code === "EISDIR") return `${path} is a folder`;
  return `${path} cannot be read: ${reasonOf(message)}`;
}

/** `EACCES: permission denied, open '/etc/shadow'` without its code and its path. */
function reasonOf(message: string): string {
  return /^E[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? message;
}
