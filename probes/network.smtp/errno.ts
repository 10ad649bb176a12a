/** Errors of the system as Python prints them. The numbers and words are Linux's: 1.0.0 promises them wherever it runs. */
const ERRNO: Readonly<Record<string, readonly [number: number, words: string]>> = {
  EPERM: [1, "Operation not permitted"],
  ENOMEM: [12, "Cannot allocate memory"],
  EACCES: [13, "Permission denied"],
  EINVAL: [22, "Invalid argument"],
  ENFILE: [23, "Too many open files in system"],
  EMFILE: [24, "Too many open files"],
  EAFNOSUPPORT: [97, "Address family not supported by protocol"],
  EADDRINUSE: [98, "Address already in use"],
  EADDRNOTAVAIL: [99, "Cannot assign requested address"],
  ENETDOWN: [100, "Network is down"],
  ENETUNREACH: [101, "Network is unreachable"],
  ECONNABORTED: [103, "Software caused connection abort"],
  ECONNRESET: [104, "Connection reset by peer"],
  ENOBUFS: [105, "No buffer space available"],
  ETIMEDOUT: [110, "Connection timed out"],
  ECONNREFUSED: [111, "Connection refused"],
  EHOSTDOWN: [112, "Host is down"],
  EHOSTUNREACH: [113, "No route to host"],
  // The resolver's own, which are negative.
  EAI_NONAME: [-2, "Name or service not known"],
  EAI_AGAIN: [-3, "Temporary failure in name resolution"],
};

/** `[Errno 111] Connection refused` for ECONNREFUSED; a name that is not in the table is unchanged. */
export function errno(name: string): string {
  const known = ERRNO[name];
  return known === undefined ? name : `[Errno ${known[0]}] ${known[1]}`;
}
