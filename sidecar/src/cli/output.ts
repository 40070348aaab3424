import { Difference, PostureDiff } from './diff';

/** Where the answer goes. */
export interface CliOutput {
  out(text: string): void;
  err(text: string): void;
}

/**
 * Text that a terminal only shows. Names come from files that somebody else wrote: escape sequences in them
 * could move the cursor or hide lines, and marks of direction could turn a sentence round.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** The differences in words: what is dangerous first. */
export function diffText({ opens, closes, changes }: PostureDiff): string {
  const groups: [string, readonly Difference[]][] = [['Opens', opens], ['Closes', closes], ['Other changes', changes]];
  const told = groups.filter(([, differences]) => differences.length > 0);
  if (told.length === 0) return 'No difference.';
  return told.map(([title, differences]) => [`${title} (${differences.length})`, ...differences.map(({ text }) => `  ${visible(text)}`)].join('\n')).join('\n\n');
}

/** The same for programs: three lists of `{section, text}`. */
export function diffJson({ opens, closes, changes }: PostureDiff): string {
  const shown = (differences: readonly Difference[]) => differences.map(({ section, text }) => ({ section, text: visible(text) }));
  return JSON.stringify({ opens: shown(opens), closes: shown(closes), changes: shown(changes) }, undefined, 2);
}
