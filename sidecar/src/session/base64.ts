/** Bytes of standard base64 with its padding; line breaks are left out. Undefined when the text is none. https://www.rfc-editor.org/rfc/rfc4648#section-4 */
export function decodeBase64(text: string): Buffer | undefined {
  const joined = /[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, '') : text;
  // Node takes the alphabet for URLs too, and leaves out what is in neither, which the length tells.
  if (joined.length % 4 !== 0 || joined.includes('-') || joined.includes('_')) return undefined;
  const padding = joined.endsWith('==') ? 2 : Number(joined.endsWith('='));
  const bytes = Buffer.from(joined, 'base64');
  return bytes.length === joined.length / 4 * 3 - padding ? bytes : undefined;
}
