import type { Completes } from "../command.js";
import type { CompletedCommand, CompletedOption, Completion } from "./gather.js";

type Level = Omit<CompletedCommand, "subcommands"> & Partial<CompletedCommand>;

/** One function for each command and subcommand, which passes its options to _arguments. */
export function zsh({ commands, probes }: Completion): string {
  return `#compdef probe-run
# zsh completion for probe-run
_probe_run_probes() {
  local -a probes=(${probes.map(quoted).join(" ")})
  _describe -t probes probe probes
  _files
}

${commands.map((command) => [...command.subcommands.map((own) => functionOf(`${command.name}_${own.name}`, own)), functionOf(command.name, command)].join("\n")).join("\n")}
_probe_run() {
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quoted(described(name, summary))}`).join("\n")}
  )
  if (( CURRENT == 2 )) && [[ $PREFIX != -* ]]; then
    _describe -t commands command commands
    _probe_run_probes
  elif (( $+functions[_probe_run_$words[2]] )); then
    shift words
    (( CURRENT -= 1 ))
    _probe_run_$words[1]
  else
    _probe_run_run
  fi
}
if [[ $funcstack[1] == _probe_run ]]; then _probe_run "$@"; else compdef _probe_run probe-run; fi
`;
}

function functionOf(name: string, level: Level): string {
  const { options, subcommands = [] } = level;
  const words = subcommands.length > 0 ? [`'1: :->subcommand'`, `'*:: :->nested'`] : wordArguments(level);
  return `_probe_run_${name}() {
  local state line
  _arguments -S \\
${[...options.flatMap(optionArgument), ...words].map((argument) => `    ${argument}`).join(" \\\n")}${subcommands.length > 0 ? nestedState(name, subcommands) : ""}
}
`;
}

function nestedState(name: string, subcommands: readonly Level[]): string {
  return `
  case $state in
    subcommand)
      local -a subcommands=(${subcommands.map((own) => quoted(described(own.name, own.summary))).join(" ")})
      _describe -t subcommands subcommand subcommands
      ;;
    nested) (( $+functions[_probe_run_${name}_$words[1]] )) && _probe_run_${name}_$words[1] ;;
  esac`;
}

function wordArguments({ words }: Level): string[] {
  return words.map((each, index) => quoted(`${index === words.length - 1 ? "*" : index + 1}: :${action(each)}`));
}

function optionArgument({ name, short, description, value, optional }: CompletedOption): string[] {
  const text = `[${description.replaceAll(/[\\[\]:]/g, "\\$&")}]`;
  const names = short === null ? [`--${name}`] : [`--${name}`, `-${short}`];
  return names.map((each) => {
    if (value === null) return quoted(`${each}${text}`);
    return quoted(`*${each}${each.startsWith("--") ? (optional ? "=-" : "=") : ""}${text}${optional ? "::" : ":"} :${action(value)}`);
  });
}

function action(values: Completes): string {
  if (values === "probe") return "_probe_run_probes";
  if (values === "file") return "_files";
  return values === "nothing" ? " " : `(${values.join(" ")})`;
}

function described(name: string, summary: string): string {
  return `${name}:${summary}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
