import type { Completes } from "../command.js";
import type { CompletedCommand, CompletedOption, Completion } from "./gather.js";

/** A level is the words that lead to it: "queue purge". */
export function bash({ commands, probes }: Completion): string {
  const levels = commands.flatMap((command) => [
    { path: command.name, ...command },
    ...command.subcommands.map((own) => ({ path: `${command.name} ${own.name}`, ...own })),
  ]);
  return `# bash completion for probe-run
_probe_run_probes="${probes.join(" ")}"
_probe_run_commands="${commands.map(({ name }) => name).join(" ")}"

_probe_run_words() {
  case $1 in
    probe) COMPREPLY=($(compgen -W "$_probe_run_probes" -f -- "$current")) ;;
    file) COMPREPLY=($(compgen -f -- "$current")) ;;
    nothing) COMPREPLY=() ;;
    *) COMPREPLY=($(compgen -W "$*" -- "$current")) ;;
  esac
}

# The options of a command or subcommand: all, and those whose value is the next word.
_probe_run_options() {
  case $1 in
${levels.map(({ path, options }) => `    ${quoted(path)}) options="${dashed(options)}" valued="${dashed(options.filter(takesNext))}" ;;`).join("\n")}
    *) _probe_run_options run ;;
  esac
}

# What an option's value can be.
_probe_run_value() {
  case $1 in
${levels.flatMap(valueCases).join("\n")}
    *) COMPREPLY=() ;;
  esac
}

# What the word at a position can be.
_probe_run_word() {
  case $1 in
${levels.flatMap(wordCases).join("\n")}
    *) COMPREPLY=() ;;
  esac
}

_probe_run() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} options valued
  local level=\${COMP_WORDS[1]} position=0 index=2 word
  [[ " $_probe_run_commands " == *" $level "* ]] || { level=run; index=1; }
  _probe_run_options "$level"
  for ((; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ \${COMP_WORDS[index + 1]} == = ]]; then ((index += 2))
    elif [[ $word == -* && " $valued " == *" $word "* ]]; then ((index += 1))
    elif [[ $word != -* ]]; then
      case "$level $word" in
${levels
  .filter(({ path }) => path.includes(" "))
  .map(({ path }) => `        ${quoted(path)}) level=${quoted(path)}; _probe_run_options "$level" ;;`)
  .join("\n")}
        *) ((position += 1)) ;;
      esac
    fi
  done
  if [[ $current == = ]]; then
    current="" && _probe_run_value "$level $previous"
  elif [[ $previous == = ]]; then
    _probe_run_value "$level \${COMP_WORDS[COMP_CWORD-2]}"
  elif [[ $previous == -* && " $valued " == *" $previous "* ]]; then
    _probe_run_value "$level $previous"
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "$_probe_run_commands $_probe_run_probes" -f -- "$current"))
  else
    _probe_run_word "$level $position"
  fi
}
complete -o filenames -F _probe_run probe-run
`;
}

function wordCases({ path, words, ...rest }: { path: string } & Pick<CompletedCommand, "words"> & Partial<CompletedCommand>): string[] {
  const { subcommands = [] } = rest;
  if (subcommands.length > 0) return [`    ${quoted(`${path} 0`)}) _probe_run_words ${subcommands.map(({ name }) => name).join(" ")} ;;`];
  return words.map((each, index) => {
    const isLast = index === words.length - 1;
    return `    ${isLast ? `${quoted(`${path} `)}*` : quoted(`${path} ${index}`)}) _probe_run_words ${listed(each)} ;;`;
  });
}

function valueCases({ path, options }: { path: string } & Pick<CompletedCommand, "options">): string[] {
  return options.flatMap((option) => {
    const { value } = option;
    return value === null ? [] : namesOf(option).map((name) => `    ${quoted(`${path} ${name}`)}) _probe_run_words ${listed(value)} ;;`);
  });
}

function takesNext({ value, optional }: CompletedOption): boolean {
  return value !== null && !optional;
}

function namesOf({ name, short }: CompletedOption): string[] {
  return short === null ? [`--${name}`] : [`--${name}`, `-${short}`];
}

function dashed(options: readonly CompletedOption[]): string {
  return options.flatMap(namesOf).join(" ");
}

function listed(values: Completes): string {
  return typeof values === "string" ? values : values.join(" ");
}

function quoted(text: string): string {
  return `'${text}'`;
}
