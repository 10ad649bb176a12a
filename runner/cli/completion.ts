import { nearest } from "../support/did-you-mean.js";
import type { Arguments } from "./arguments.js";
import { type Commands, defineCommand } from "./command.js";
import { gather } from "./completion/gather.js";
import { SHELLS } from "./completion/shells.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { UsageError } from "./usage-error.js";

export default defineCommand({
  summary: "Prints a completion script for a shell: commands, subcommands, options with their values, and probe names.",
  usage: "<bash | zsh | fish>",
  options: {},
  examples: [
    ["completion bash > ~/.local/share/bash-completion/completions/probe-run", "Install it for bash."],
    ["completion zsh > ~/.zfunc/_probe-run", "Install it for zsh; ~/.zfunc must be in fpath."],
    ["completion fish > ~/.config/fish/completions/probe-run.fish", "Install it for fish."],
  ],
  words: { least: 1, most: 1 },
  completes: [Object.keys(SHELLS)],
  run,
});

async function run({ words }: Arguments<Record<never, never>>, io: Io, all: Commands): Promise<number> {
  const shell = words[0] as string;
  const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell as keyof typeof SHELLS] : undefined;
  if (script === undefined) {
    const near = nearest(shell, Object.keys(SHELLS), 1)[0];
    throw new UsageError(
      `there is no completion for ${JSON.stringify(shell)}`,
      near === undefined ? `there is one for ${Object.keys(SHELLS).join(", ")}` : `did you mean ${near}?`,
    );
  }
  await io.out(script(await gather(all)));
  return EXIT.ok;
}
