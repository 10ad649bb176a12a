/** The error of a server that could not listen; a port that is taken is named, with what to do. */
export function withTakenPort(error: unknown): unknown {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === "EADDRINUSE") (error as Error).message = `port ${port} is taken: give another --port-base, or none for free ports`;
  return error;
}
