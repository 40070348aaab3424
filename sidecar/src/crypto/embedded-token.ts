import { EMBEDDED_TOKEN } from './sealed-token';

/** Whether a token of ours is anywhere in a text. Escaped twice is as far as servers unescape. */
export function hasToken(text: string): boolean {
  const forms = text.includes('%') ? [text, unescaped(text), unescaped(unescaped(text))] : [text];
  return forms.some((form) => EMBEDDED_TOKEN.test(form));
}

function unescaped(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
