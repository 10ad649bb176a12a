export interface Completion {
  readonly commands: readonly {
    readonly name: string;
    readonly summary: string;
    readonly options: readonly { readonly name: string; readonly description: string }[];
  }[];
  readonly probes: readonly string[];
}

/** Commands whose first word is a probe. Without a command, the first word is a probe too. */
const TAKE_PROBES = ["run", "describe", "schema"];

export const SHELLS = { bash, zsh, fish } as const;

function bash(completion: Completion): string {
  const names = completion.commands.map(({ name }) => name);
  return `# bash completion for probe-run
_probe_run() {
  local current=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} options
  local probes="${completion.probes.join(" ")}"
  case "$command" in
${completion.commands.map(({ name, options }) => `    ${name}) options="${dashed(options)}" ;;`).join("\n")}
    *) command=run options="${dashed(optionsOf(completion, "run"))}" ;;
  esac
  if [[ $COMP_CWORD -eq 1 && $current != -* ]]; then
    COMPREPLY=($(compgen -W "${names.join(" ")} $probes" -f -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ $COMP_CWORD -eq 2 && " ${TAKE_PROBES.join(" ")} " == *" \${COMP_WORDS[1]} "* ]]; then
    COMPREPLY=($(compgen -W "$probes" -f -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _probe_run probe-run
`;
}

function zsh(completion: Completion): string {
  return `#compdef probe-run
# zsh completion for probe-run
_probe_run() {
  local -a commands probes options
  commands=(
${completion.commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join("\n")}
  )
  probes=(${completion.probes.map(quoted).join(" ")})
  case $words[2] in
${completion.commands.map(({ name, options }) => `    ${name}) options=(${zshOptions(options)}) ;;`).join("\n")}
    *) options=(${zshOptions(optionsOf(completion, "run"))}) ;;
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option options
  elif (( CURRENT == 2 )); then
    _describe command commands
    _describe probe probes
    _files
  elif (( CURRENT == 3 )) && [[ " ${TAKE_PROBES.join(" ")} " == *" $words[2] "* ]]; then
    _describe probe probes
    _files
  else
    _files
  fi
}
if [[ $funcstack[1] == _probe_run ]]; then _probe_run "$@"; else compdef _probe_run probe-run; fi
`;
}

function fish(completion: Completion): string {
  const names = completion.commands.map(({ name }) => name);
  const first = "test (count (commandline -opc)) -eq 1";
  const afterCommand = (name: string): string => `__fish_seen_subcommand_from ${name}`;
  const option = (condition: string, { name, description }: { name: string; description: string }): string =>
    `complete -c probe-run -n ${quoted(condition)} -l ${name} -d ${quoted(description)}`;
  return [
    "# fish completion for probe-run",
    ...completion.commands.map(({ name, summary }) => `complete -c probe-run -n ${quoted(first)} -a ${name} -d ${quoted(summary)}`),
    ...completion.probes.map((probe) => `complete -c probe-run -n ${quoted(first)} -a ${probe} -d probe`),
    ...completion.probes.map((probe) => `complete -c probe-run -n ${quoted(afterCommand(TAKE_PROBES.join(" ")))} -a ${probe} -d probe`),
    ...completion.commands.flatMap(({ name, options }) => options.map((each) => option(afterCommand(name), each))),
    ...optionsOf(completion, "run").map((each) => option(`not __fish_seen_subcommand_from ${names.join(" ")}`, each)),
    "",
  ].join("\n");
}

type OptionList = Completion["commands"][number]["options"];

function optionsOf({ commands }: Completion, command: string): OptionList {
  return commands.find(({ name }) => name === command)?.options ?? [];
}

function dashed(options: OptionList): string {
  return options.map(({ name }) => `--${name}`).join(" ");
}

function zshOptions(options: OptionList): string {
  return options.map(({ name, description }) => quoted(`--${name}:${description}`)).join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
