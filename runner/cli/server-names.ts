import { parseTarget } from "../../schemas/host.js";
import { UsageError } from "./usage-error.js";

export const serverNameOption = {
  "server-name": {
    value: "NAME",
    repeated: true,
    description:
      "With --listen: a name that clients use for this server, such as that of a reverse proxy that passes it on. Requests for other names are refused.",
  },
} as const;

/** The names of --server-name as a Host field has them. */
export function serverNames({ "server-name": given, listen }: { readonly "server-name": readonly string[]; readonly listen: string | null }): string[] {
  if (given.length > 0 && listen === null) throw new UsageError("--server-name needs --listen");
  return given.map((written) => {
    const host = parseTarget(written);
    if (host === null) throw new UsageError(`--server-name takes a host name, not ${JSON.stringify(written)}`, "for example --server-name status.example.org");
    return host.host.toLowerCase();
  });
}
