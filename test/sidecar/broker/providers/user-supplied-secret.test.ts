import type { SecretReader } from '../../../../sidecar/src/broker/providers/provider';
import { userSuppliedSecret } from '../../../../sidecar/src/broker/providers/user-supplied-secret';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';

import { BEARER_GRANT, grantOf, inContainer, PLANTED, proxied, refusalOf, secrets } from '../example-grants';

const { carriers } = userSuppliedSecret;
const issue = (grant: CredentialGrantSpec, reader: SecretReader) => userSuppliedSecret.issue(grant, { secrets: reader });
const exchange = (grant: CredentialGrantSpec, reader: SecretReader) => userSuppliedSecret.exchange(grant, { secrets: reader });

const HEADER = proxied({ header: { name: 'PRIVATE-TOKEN' } });
const QUERY = proxied({ queryParam: { name: 'key' } });
const BASIC = proxied({ basicAuth: { username: 'x-access-token' } });
const FORMS: [string, CredentialGrantSpec][] = [['header', HEADER], ['queryParam', QUERY], ['basicAuth', BASIC]];

describe('the four forms', () => {
  test('header: the value behind its prefix', async () => {
    expect(await exchange(BEARER_GRANT, secrets(PLANTED))).toEqual({ setHeaders: { Authorization: `Bearer ${PLANTED}` } });
    expect(await exchange(HEADER, secrets(PLANTED))).toEqual({ setHeaders: { 'PRIVATE-TOKEN': PLANTED } });
  });

  test('queryParam: the value as it is, to be escaped by who writes the URL (B10)', async () => {
    expect(await exchange(QUERY, secrets('a&b=c d'))).toEqual({ setQueryParams: { key: 'a&b=c d' } });
  });

  test('basicAuth: user and value, colons and letters outside ASCII included (B10)', async () => {
    const { setHeaders } = await exchange(BASIC, secrets('p:ä'));
    expect(Object.keys(setHeaders!)).toEqual(['Authorization']);
    const [scheme, encoded] = setHeaders!.Authorization.split(' ');
    expect([scheme, Buffer.from(encoded, 'base64').toString()]).toEqual(['Basic', 'x-access-token:p:ä']);
  });

  test('inContainer: the bytes of the Secret, and why', async () => {
    expect(await issue(inContainer(), secrets('-----BEGIN KEY-----\nabc\n'))).toEqual({
      delivery: 'InContainer', value: '-----BEGIN KEY-----\nabc\n', reason: 'the client signs with it, so no proxy can',
    });
  });

  test.each(FORMS)('%s hands out a bearer for the hosts of the grant', async (_, grant) => {
    expect(await issue(grant, secrets(PLANTED))).toEqual({ delivery: 'ProxyInjected', hosts: ['api.example.com'] });
  });
});

test('the surrogate travels where the credential will', () => {
  expect(carriers(BEARER_GRANT)).toEqual([{ in: 'header', name: 'authorization' }]);
  expect(carriers(HEADER)).toEqual([{ in: 'header', name: 'private-token' }]);
  expect(carriers(QUERY)).toEqual([{ in: 'query', name: 'key' }]);
  expect(carriers(BASIC)).toEqual([{ in: 'header', name: 'authorization' }]);
  expect(carriers(inContainer())).toEqual([]);
});

test('a changed Secret is used by the next exchange', async () => {
  let value = 'old';
  const reader = async () => Buffer.from(value);
  await exchange(HEADER, reader);
  value = 'new';
  expect(await exchange(HEADER, reader)).toEqual({ setHeaders: { 'PRIVATE-TOKEN': 'new' } });
});

describe('the line ending of a Secret that was a file', () => {
  test.each(['\n', '\r\n'])('%j is no part of what goes into a request', async (ending) => {
    expect(await exchange(HEADER, secrets(`abc${ending}`))).toEqual({ setHeaders: { 'PRIVATE-TOKEN': 'abc' } });
  });

  test.each(['abc\n\n', 'abc\n\r\n', '\nabc', 'abc\r'])('%j is more than one ending at the end, and refused', async (value) => {
    expect(await refusalOf(() => exchange(HEADER, secrets(value)))).toContain('contains a line break');
  });
});

describe('Secrets that cannot be used', () => {
  const place = 'ProviderFailure 500 credential API_KEY of UserSuppliedSecret: key token of Secret upstream';
  const long = PLANTED.padEnd(8193, 'x');

  test.each<[string, string | Buffer | undefined, string]>([
    ['is not there', undefined, 'is not there'],
    ['is empty', '', 'is empty'],
    ['is nothing but a line ending', '\n', 'is empty'],
    ['could end the header', `${PLANTED}\r\nX-Admin: 1`, 'contains a line break or another control character'],
    ['has a tab', `${PLANTED}\t1`, 'contains a line break or another control character'],
    ['has a NUL byte', `${PLANTED}\0`, 'contains a NUL byte'],
    ['has a C1 control character', `${PLANTED}\u0085`, 'contains a line break or another control character'],
    ['is no UTF-8', Buffer.concat([Buffer.from(PLANTED), Buffer.from([0xff])]), 'is not UTF-8 text'],
    ['is too long', long, 'is longer than 8192 characters'],
  ])('one that %s is refused in every form, at issue and at exchange', async (_, value, problem) => {
    for (const [, grant] of FORMS) {
      const told = [await refusalOf(() => issue(grant, secrets(value))), await refusalOf(() => exchange(grant, secrets(value)))];
      expect(told).toEqual([`${place} ${problem}`, `${place} ${problem}`]);
    }
  });

  test.each([` ${PLANTED}`, `${PLANTED} `, `${PLANTED}ä`, '\ufeffabc', '   '])('%j is no end of a header', async (value) => {
    expect(await refusalOf(() => exchange(HEADER, secrets(value)))).toContain('which no header can carry');
    expect(await refusalOf(() => exchange(HEADER, secrets(value)))).not.toContain(PLANTED);
  });

  test.each<[string, string | Buffer | undefined, string]>([
    ['is not there', undefined, 'is not there'],
    ['is empty', '', 'is empty'],
    ['is no UTF-8, which JSON would change', Buffer.from([0x61, 0xff]), 'is not UTF-8 text'],
    ['has a NUL byte, which no environment holds', `${PLANTED}\0`, 'contains a NUL byte'],
  ])('one that %s is refused in the container', async (_, value, problem) => {
    expect(await refusalOf(() => issue(inContainer(), secrets(value)))).toBe(`${place} ${problem}`);
  });
});

describe('grants that the schema refuses are refused here too', () => {
  const unusable = 'ProviderFailure 500 credential API_KEY of UserSuppliedSecret: its grant names no usable deliveryMode';

  test.each<[string, CredentialGrantSpec]>([
    ['no delivery', grantOf(undefined)],
    ['neither delivery', grantOf({})],
    ['hosts and no form', proxied({})],
    ['a credential in the container that nobody accepted', grantOf({ inContainer: { accepted: false as true, reason: 'none, really none at all' } })],
  ])('%s', async (_, grant) => {
    expect(await refusalOf(() => issue(grant, secrets(PLANTED)))).toBe(unusable);
  });

  test('a credential in the container is never exchanged', async () => {
    expect(await refusalOf(() => exchange(inContainer(), secrets(PLANTED)))).toBe(unusable);
  });

  test('a grant without a delivery has no carrier to tell', async () => {
    expect(await refusalOf(() => carriers(grantOf(undefined)))).toBe(unusable);
  });
});

test('an error of the reader comes through: it is no fault of the Secret', async () => {
  const reader = async () => {
    throw new Error('the API server is gone');
  };
  expect(await refusalOf(() => exchange(HEADER, reader))).toContain('the API server is gone');
});
