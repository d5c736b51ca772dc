/** Lines of logs: as the API and the live channel send them, their levels, and how many are kept. */

import type { Json } from './model';
import { instant } from './time';

export type Level = 'error' | 'warning' | 'info';

export interface Line {
  at: number | null;
  task: string;
  container: string;
  text: string;
  level: Level;
}

export interface LogPage {
  /** The oldest first. */
  lines: Line[];
  /** Leads to older lines; null at the end. */
  cursor: string | null;
  /** The containers whose log cannot be read, with their drivers. */
  unreadable: { container: string; driver: string }[];
}

/** More lines than anyone reads, few enough to draw at once. */
export const MOST_LINES = 2000;

const ERROR = /\b(error|fatal|critical|panic|exception|traceback)\b/i;
const WARNING = /\b(warn|warning)\b/i;

/** The level of a line: the field of a JSON line, else the words in it. */
export function levelOf(text: string): Level {
  const named = /"(?:level|severity|lvl)"\s*:\s*"(\w+)"/i.exec(text)?.[1];
  const where = named ?? text;
  if (ERROR.test(where)) return 'error';
  return WARNING.test(where) ? 'warning' : 'info';
}

export function readLine(sent: Json): Line {
  const text = String(sent.line ?? '');
  return {
    at: instant(sent.at),
    task: String(sent.task ?? ''),
    container: String(sent.container ?? ''),
    text,
    level: levelOf(text),
  };
}

const objects = (value: unknown): Json[] =>
  Array.isArray(value) ? value.filter((item): item is Json => typeof item === 'object' && item !== null) : [];

/** An answer that begins with the newest line. */
export function readLogPage(sent: Json): LogPage {
  return {
    lines: objects(sent.content).map(readLine).toReversed(),
    cursor: typeof sent.cursor === 'string' ? sent.cursor : null,
    unreadable: objects(sent.sources)
      .filter((source) => source.readable === false)
      .map((source) => ({ container: String(source.container), driver: String(source.driver ?? 'none') })),
  };
}

/** Older lines with newer ones behind them: those in both once, and no more than are kept. */
export function joined(older: readonly Line[], newer: readonly Line[], most = MOST_LINES): Line[] {
  const known = new Set(older.slice(-newer.length - OVERLAP).map(keyOf));
  return [...older, ...newer.filter((line) => !known.has(keyOf(line)))].slice(-most);
}

/** Lines in their order, in blocks: the same block again while no line of it comes or goes. */
export function inBlocks(lines: readonly Line[], numberOf: (line: Line) => number): { key: string; lines: Line[] }[] {
  const blocks: { key: string; lines: Line[] }[] = [];
  const seen = new Map<number, number>();
  let open: number | null = null;
  for (const line of lines) {
    const block = Math.floor(numberOf(line) / BLOCK);
    if (block !== open) {
      const times = (seen.get(block) ?? 0) + 1;
      seen.set(block, times);
      blocks.push({ key: `${block} ${times}`, lines: [] });
      open = block;
    }
    blocks.at(-1)!.lines.push(line);
  }
  return blocks;
}

const BLOCK = 50;
const OVERLAP = 200;

function keyOf({ at, task, text }: Line): string {
  return `${at} ${task} ${text}`;
}

/** The lines as text for a file or the clipboard. */
export function plainText(lines: readonly Line[]): string {
  return lines
    .map(({ at, task, text }) => `${at === null ? '' : new Date(at).toISOString()} ${task.slice(0, 8)} ${text}`)
    .join('\n');
}

/** The ids of the tasks of the newest deployment of a service, by its details. */
export function newTasks(details: Json | null): ReadonlySet<string> {
  const deployment = details?.deployment;
  const tasks = deployment ? objects(details.tasks).filter((task) => task.deployment === deployment) : [];
  return new Set(tasks.map((task) => String(task.id)));
}
