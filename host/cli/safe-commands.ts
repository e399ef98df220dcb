// `:safe`, `:checkpoint`, `:rollback`, `:diff`.

import type { ReplCommand } from '../repl/commands.js';
import type { SafeStatus } from '../session/safe-mode.js';
import type { Session } from '../session/session.js';
import { table } from './boards.js';

/** Names that are easy to type again. */
const NAME = /^[\w.-]+$/;

function count(amount: number, noun: string): string {
  return `${amount.toLocaleString('en')} ${noun}${amount === 1 ? '' : 's'}`;
}

/** `3 s`, `5 min`, `2 h`. */
function ageText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function statusText({ on, means, cost }: SafeStatus): string {
  if (!on) return 'safe is off: an input that faults leaves memory as far as it came; `:safe on` changes that';
  const lines = [`safe is on: ${means}`];
  if (cost !== undefined) {
    const done = cost.restored ? 'put back' : 'copied';
    lines.push(
      `last input: ${count(cost.suspectBytes, 'byte')} looked at, ${cost.movedBytes.toLocaleString('en')} ${done}, ${cost.ms.toFixed(1)} ms`,
    );
  }
  return lines.join('\n');
}

async function safe(session: Session, argument: string): Promise<string> {
  if (argument === 'on') await session.safe.on();
  else if (argument === 'off') await session.safe.off();
  else if (argument !== '') return '`:safe on` or `:safe off`; `:safe` says which, and what it cost';
  return statusText(await session.safe.status());
}

async function checkpoint(session: Session, name: string): Promise<string> {
  if (name !== '') {
    if (!NAME.test(name)) return `a checkpoint's name is one word; not ${name}`;
    const { input } = await session.safe.checkpoint(name);
    return `checkpoint ${name}: after input ${input}`;
  }
  const all = session.safe.checkpoints();
  if (all.length === 0) return 'there are no checkpoints; `:checkpoint NAME` makes one';
  return table(
    all.map((each) => [
      each.name,
      `after input ${each.input}`,
      count(each.bytes, 'byte'),
      `${ageText(each.ageMs)} ago`,
    ]),
  ).join('\n');
}

async function rollback(session: Session, name: string): Promise<string> {
  if (name === '') return 'back to which checkpoint? `:checkpoint` lists them';
  await session.safe.rollback(name);
  return `back at ${name}; what later inputs did outside of memory stays done`;
}

async function diff(session: Session, name: string): Promise<string> {
  const lines = await session.safe.diff(name === '' ? undefined : name);
  return lines.length === 0 ? 'no variable changed' : lines.join('\n');
}

/** The commands about copies of memory. */
export function safeCommands(session: Session): ReplCommand[] {
  return [
    {
      name: 'safe',
      arguments: '[on|off]',
      help: 'leave memory as it was when an input faults, is stopped or exits; say what that costs',
      run: (argument) => safe(session, argument),
    },
    {
      name: 'checkpoint',
      arguments: '[NAME]',
      help: 'keep this moment under a name, or list those that are kept',
      run: (name) => checkpoint(session, name),
    },
    {
      name: 'rollback',
      arguments: 'NAME',
      help: 'go back to a checkpoint: variables, heap, names and code',
      run: (name) => rollback(session, name),
    },
    {
      name: 'diff',
      arguments: '[NAME]',
      help: 'say which variables changed since a checkpoint, or by the last input',
      run: (name) => diff(session, name),
    },
  ];
}
