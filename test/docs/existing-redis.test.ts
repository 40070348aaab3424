import { readFileSync } from 'node:fs';
import { STORE_RIGHTS } from '../../src/protocol/session-record';

test('the user that the page makes has the rights of the access list, and no others', () => {
  const [line] = readFileSync('docs/how-to/use-an-existing-redis.md', 'utf8').split('\n').filter((text) => text.startsWith('user sessions'));
  expect(line).toBe(`user sessions on >password resetchannels -@all ${STORE_RIGHTS.join(' ')}`);
});
