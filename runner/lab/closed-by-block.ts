/** `await using server = await startSmtpServer()` closes it at the end of the block. */
export function closedByBlock<Server extends { close(): Promise<void> }>(server: Server): Server & AsyncDisposable {
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() });
}
