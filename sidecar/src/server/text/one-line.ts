/** A text of others as one line that a terminal shows as it is: nothing in it moves a cursor, hides what follows or begins a line of its own. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{C}]+/gu, ' ').trim();
}
