/** User and password as the value of `Authorization`. https://www.rfc-editor.org/rfc/rfc7617#section-2 */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** What git sends as the user beside a token; GitHub takes any name, and other servers take this one. */
export const TOKEN_USER = 'x-access-token';
