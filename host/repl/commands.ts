// The `:commands` of the prompt are one table: it finds them, completes them and writes their help.

import type { ReplHandle } from './repl.js';

export interface ReplCommand {
  /** Without the colon: `link`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** As the help shows them: `FILE`, `[N]`. */
  readonly arguments?: string;
  /** One line. */
  readonly help: string;
  /** Does it; a returned text is printed. `argument` is the rest of the line, trimmed. */
  run(argument: string, repl: ReplHandle): Promise<string | undefined> | string | undefined;
}

/** The commands every prompt has, in front of the caller's own. A caller's command of the same name wins. */
export function withBuiltins(commands: readonly ReplCommand[]): readonly ReplCommand[] {
  const builtins: ReplCommand[] = [
    {
      name: 'help',
      aliases: ['h', '?'],
      arguments: '[COMMAND]',
      help: 'list the commands, or say what one does',
      run: (argument) => helpText(all, argument),
    },
    {
      name: 'quit',
      aliases: ['q', 'exit'],
      help: 'leave (as does Ctrl-D on an empty line)',
      run: (_argument, repl) => {
        repl.quit();
        return undefined;
      },
    },
  ];
  const own = new Set(commands.map((command) => command.name));
  const all: readonly ReplCommand[] = [...builtins.filter((builtin) => !own.has(builtin.name)), ...commands];
  return all;
}

/** The command that `:name` calls, by name or alias. */
export function findCommand(commands: readonly ReplCommand[], name: string): ReplCommand | undefined {
  return commands.find((command) => command.name === name || command.aliases?.includes(name) === true);
}

/** Splits `:load file.cpp` into `load` and `file.cpp`. */
export function splitCommand(line: string): { readonly name: string; readonly argument: string } {
  const match = /^\s*:\s*(\S*)\s*([\s\S]*)$/.exec(line);
  return { name: match?.[1] ?? '', argument: (match?.[2] ?? '').trim() };
}

/** Does what a `:command` line says.
 *  @returns the text to print, if any; that of an unknown command says which one may have been meant */
export async function runCommand(
  commands: readonly ReplCommand[],
  line: string,
  repl: ReplHandle,
): Promise<string | undefined> {
  const { name, argument } = splitCommand(line);
  const command = findCommand(commands, name);
  return command === undefined ? unknownCommand(commands, name) : command.run(argument, repl);
}

/** What `:help` prints: every command in aligned columns, or the one asked for. */
export function helpText(commands: readonly ReplCommand[], wanted = ''): string {
  const name = wanted.replace(/^:/, '');
  const one = findCommand(commands, name);
  if (name !== '' && one === undefined) return unknownCommand(commands, name);
  const shown = one === undefined ? commands : [one];
  const rows = shown.map((command) => ({
    left: [`:${command.name}`, command.arguments].filter((part) => part !== undefined).join(' '),
    right: command.help + aliasNote(command),
  }));
  const width = Math.max(...rows.map((row) => row.left.length));
  return rows.map((row) => `  ${row.left.padEnd(width)}  ${row.right}`).join('\n');
}

function aliasNote(command: ReplCommand): string {
  const aliases = command.aliases ?? [];
  return aliases.length === 0 ? '' : ` (also ${aliases.map((alias) => `:${alias}`).join(', ')})`;
}

/** The answer to a command that does not exist, with the nearest one that does. */
export function unknownCommand(commands: readonly ReplCommand[], name: string): string {
  const nearest = nearestName(
    commands.flatMap((command) => [command.name, ...(command.aliases ?? [])]),
    name,
  );
  const hint = nearest === undefined ? ':help lists the commands' : `did you mean :${nearest}?`;
  return `unknown command :${name}; ${hint}`;
}

/** The name nearest to what was typed: one it begins, else one at most a third of its letters (and at least one) away. */
export function nearestName(names: readonly string[], typed: string): string | undefined {
  if (typed === '') return undefined;
  const begun = names.find((name) => name.startsWith(typed));
  if (begun !== undefined) return begun;
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = editDistance(name, typed);
    const limit = Math.max(1, Math.ceil(name.length / 3));
    if (name.length > 1 && distance <= limit && (best === undefined || distance < best.distance)) {
      best = { name, distance };
    }
  }
  return best?.name;
}

// Letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, rows[i - 2]![j - 2]! + 1);
      }
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
