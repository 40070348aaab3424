/**
 * User and password of Basic credentials; without a colon all of it is the password. None for another scheme. Nothing says which charset
 * clients take, so each byte is one character, as in the values of headers. https://www.rfc-editor.org/rfc/rfc7617#section-2
 */
export function basicParts(value: string): string[] {
  const encoded = /^basic +(\S+)$/i.exec(value.trim())?.[1];
  if (encoded === undefined) return [];
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  return [text.slice(0, Math.max(colon, 0)), text.slice(colon + 1)];
}
