/** To save a file under its name, whatever is in it. https://www.rfc-editor.org/rfc/rfc6266#section-4 */
export function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]/g, '_');
  const quoted = `attachment; filename="${plain.replace(/["\\]/g, '\\$&')}"`;
  return plain === name ? quoted : `${quoted}; filename*=UTF-8''${extended(name)}`;
}

/** https://www.rfc-editor.org/rfc/rfc8187#section-3.2 */
function extended(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}
