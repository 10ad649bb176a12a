/** The names of mechanisms that a server offers, from its capabilities; LOGIN, which is the command, is there until it is disabled. */
export function offeredMechanisms(capabilities: readonly string[]): string[] {
  const offered = capabilities.flatMap((name) => (name.startsWith("AUTH=") && name !== "AUTH=LOGIN" ? [name.slice("AUTH=".length)] : []));
  return capabilities.includes("LOGINDISABLED") ? offered : [...offered, "LOGIN"];
}
