import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fenced block of a page. */
export interface Block {
  /** Page and line, for messages. */
  readonly where: string;
  readonly language: string;
  readonly code: string;
}

/** The pages that users read. */
export const PAGES = [
  'README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'ARCHITECTURE.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).sort().map((name) => join('docs', name)),
];

/** Every fenced block of the pages. */
export function blocks(...languages: string[]): Block[] {
  return PAGES.flatMap(blocksOf).filter(({ language }) => languages.length === 0 || languages.includes(language));
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)].map(({ 1: language, 2: code, index }) => (
    { where: `${page}:${text.slice(0, index).split('\n').length}`, language, code }
  ));
}
