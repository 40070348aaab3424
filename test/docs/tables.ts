import { readFileSync } from 'node:fs';

/** Text of a section of a page, to the next heading of its level. */
export function section(page: string, heading: string): string {
  const [level] = heading.split(' ');
  const found = readFileSync(page, 'utf8').split(new RegExp(`^(?=${level} )`, 'm')).find((part) => part.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`${page} must have the section '${heading}'`);
  return found;
}

/** Cells of a table of a section, by the first cell of its head. */
export function tableRows(page: string, heading: string, head: string): string[][] {
  const table = section(page, heading).split('\n\n').find((part) => part.startsWith(`| ${head} |`));
  if (table === undefined) throw new Error(`${page} must have a table in '${heading}' that begins with '${head}'`);
  return table.trim().split('\n').slice(2).map((line) => line.slice(1, -1).split(' | ').map((cell) => cell.trim()));
}

/** What a cell marks as code. */
export function codes(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
}
