/** Markup that is safe to put into a page. Texts become markup only by `html`, which escapes them. */
export class Markup {
  constructor(public readonly text: string) {}
}

type Part = Markup | string | number | readonly (Markup | string)[];

/** A piece of a page. What is filled in is escaped, unless it is markup itself. */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(pieces.map((piece, index) => `${piece}${index < parts.length ? textOf(parts[index]) : ''}`).join(''));
}

export const NOTHING = new Markup('');

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string') return escaped(part);
  return typeof part === 'number' ? String(part) : part.map(textOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' };

/** Also for attributes in quotes. Control characters, and those that turn the direction of text, are shown by number. */
export function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character])
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (character) => (
      `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`));
}
