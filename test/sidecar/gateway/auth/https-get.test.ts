import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HttpsProvider, httpsProvider } from './https-provider';
import { httpsGet } from '../../../../sidecar/src/gateway/auth/https-get';
import { tempFolder } from '../../../helpers/temp-folder';

const root = tempFolder();
const caFile = join(root, 'ca.pem');
let provider: HttpsProvider;

beforeAll(async () => {
  provider = await httpsProvider();
  writeFileSync(caFile, provider.ca);
});
afterAll(() => provider.close());

const get = (path: string, { maxBytes = 100, timeoutMilliseconds = 5000 } = {}): Promise<string> => httpsGet({ caFile, maxBytes, timeoutMilliseconds })(`${provider.url}${path}`);

test('a page is read whole', async () => {
  provider.pages.set('/page', 'a'.repeat(100));
  expect(await get('/page')).toBe('a'.repeat(100));
});

test.each<[string, () => Promise<string>, RegExp]>([
  ['a page that is too long', () => { provider.pages.set('/long', 'a'.repeat(101)); return get('/long'); }, /longer than 100 bytes/],
  ['a page that is not there', () => get('/nowhere'), /status 404/],
  ['a page that is somewhere else', () => { provider.pages.set('/moved', `${provider.url}/page`); return get('/moved'); }, /status 302/],
  ['a page that does not come', () => { provider.pages.set('/never', 'never'); return get('/never', { timeoutMilliseconds: 200 }); }, /no answer within 200 ms/],
  ['plain HTTP', () => httpsGet({ maxBytes: 1, timeoutMilliseconds: 1 })('http://localhost/'), /only https is spoken/],
  ['a text that is no URL', () => httpsGet({ maxBytes: 1, timeoutMilliseconds: 1 })('localhost'), /only https is spoken/],
])('%s is refused', async (_, read, problem) => {
  await expect(read()).rejects.toThrow(problem);
});

test('a redirect is not followed', async () => {
  provider.pages.set('/moved', `${provider.url}/target`);
  await expect(get('/moved')).rejects.toThrow();
  expect(provider.asked).not.toContain('/target');
});

test('a certificate that nobody trusted has signed is refused', async () => {
  await expect(httpsGet({ maxBytes: 100, timeoutMilliseconds: 5000 })(`${provider.url}/page`)).rejects.toThrow(/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/);
});

test('a certificate for another name is refused', async () => {
  const other = await httpsProvider(['id.example.com']);
  const file = join(root, 'other.pem');
  writeFileSync(file, other.ca);
  await expect(httpsGet({ caFile: file, maxBytes: 100, timeoutMilliseconds: 5000 })(`${other.url}/page`)).rejects.toThrow(/ALTNAME/);
  other.close();
});

test('authorities are read for each request, so that they can be exchanged', async () => {
  const file = join(root, 'later.pem');
  const read = httpsGet({ caFile: file, maxBytes: 100, timeoutMilliseconds: 5000 });
  provider.pages.set('/page', 'here');
  await expect(read(`${provider.url}/page`)).rejects.toThrow(/ENOENT/);
  writeFileSync(file, provider.ca);
  expect(await read(`${provider.url}/page`)).toBe('here');
});
