/** Characters that one call may have as arguments. */
const AT_ONCE = 8192;

/** https://www.rfc-editor.org/rfc/rfc4648#section-4, by what browsers have too. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += AT_ONCE) text += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
  return btoa(text);
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
