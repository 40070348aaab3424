import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { BEARER, CREDENTIAL } from './forward-world';
import { BEARERS, SearchedBody } from '../../../../sidecar/src/egress/requests/bearer-search';
import { Credentials, credentialsOf } from '../../../../sidecar/src/egress/requests/credential-search';
import { StreamSearch } from '../../../../sidecar/src/egress/requests/stream-search';
import { SEARCHED_ANSWER } from '../../../../src/protocol/egress-api';

/** A text cut at some places. */
function cut(text: string, at: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...at.map((place) => place % (text.length + 1)), text.length])].sort((a, b) => a - b);
  return places.slice(1).map((place, index) => Buffer.from(text.slice(places[index], place), 'latin1'));
}

/** What passes, and whether there was a hit. */
function through(search: StreamSearch, chunks: readonly Buffer[]): { readonly passed: string; readonly hit: boolean } {
  let passed = '';
  for (const chunk of chunks) {
    const passing = search.next(chunk);
    if (passing === undefined) return { passed, hit: true };
    passed += passing.toString('latin1');
  }
  return { passed: passed + search.rest().toString('latin1'), hit: false };
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });
/** Texts that nearly have a bearer in them. */
const near = fc.array(fc.constantFrom('p', 'd', 'k', '-', 'pdk', 'pdk-', 'pdk-x-', 'pdk-abc-e', 'pdk-abc-ey', 'pdk-usersecre', 'pdkpdk-', 'J', 'PDK-github-', '\n', 'é', 'zz'), { maxLength: 30 })
  .map((parts) => parts.join('')).filter((text) => !/pdk-(?:(?:usersecret|anthropic|github|patpool|egress)-|[a-z0-9]{1,32}-eyJ)/.test(text));

describe('a stream that is searched for bearers', () => {
  test('passes whole and unchanged when it has none, however it is cut', () => {
    fc.assert(fc.property(near, cuts, (text, at) => {
      expect(through(new StreamSearch(BEARERS), cut(text, at))).toEqual({ passed: text, hit: false });
    }), { numRuns: 2000 });
  });

  test('is refused when it has one, however it is cut, and not a letter of the bearer passes', () => {
    const bearer = fc.constantFrom('pdk-usersecret-x', 'pdk-egress-', BEARER, 'pdk-acme7-eyJhbGci');
    fc.assert(fc.property(near.filter((text) => !/pdk-[a-z0-9-]*$|p$|pd$|pdk$/.test(text)), bearer, near, cuts, (before, token, behind, at) => {
      const { passed, hit } = through(new StreamSearch(BEARERS), cut(before + token + behind, at));
      expect(hit).toBe(true);
      expect(before.startsWith(passed)).toBe(true);
    }), { numRuns: 2000 });
  });

  test.each(['pdk-', 'pdk-github', 'PDK-github-x', 'pdk-acme-abc', 'pdk--eyJ', `pdk-${'a'.repeat(33)}-eyJ`, 'p-d-k-github-'])('passes with %s, which is none', (text) => {
    expect(through(new StreamSearch(BEARERS), [Buffer.from(text)])).toEqual({ passed: text, hit: false });
  });

  test('holds back no more than a beginning, and not what cannot become one any more', () => {
    const search = new StreamSearch(BEARERS);
    expect(search.next(Buffer.from('data: hi\n\n'))).toEqual(Buffer.from('data: hi\n\n'));
    expect(search.next(Buffer.from('key pdk-gith'))).toEqual(Buffer.from('key '));
    expect(search.next(Buffer.from('ouse'))).toEqual(Buffer.from(''));
    expect(search.next(Buffer.from(' '))).toEqual(Buffer.from('pdk-githouse '));
  });
});

describe('a body', () => {
  const collected = async (body: Readable): Promise<string> => {
    let text = '';
    for await (const chunk of body as AsyncIterable<Buffer>) text += chunk.toString('latin1');
    return text;
  };

  test('without bearers is what it was', async () => {
    const body = new SearchedBody(Readable.from(cut('pdk-hello and pd', [3, 5, 9])), () => undefined);
    expect(await collected(body)).toBe('pdk-hello and pd');
    expect(body.sent).toBe(16);
  });

  test('with a bearer fails, and the text says nothing of it', async () => {
    const failing = collected(new SearchedBody(Readable.from(cut(`{"key":"${BEARER}"}`, [12])), () => undefined));
    await expect(failing).rejects.toMatchObject({ code: 'BEARER_MISPLACED', status: 403 });
    await expect(failing).rejects.not.toThrow(/eyJ|usersecret/);
  });

  test('fails as its source does', async () => {
    const source = new PassThrough();
    const failing = collected(new SearchedBody(source, () => undefined));
    source.destroy(new Error('chunks are malformed'));
    await expect(failing).rejects.toThrow('chunks are malformed');
  });

  test.each<[string, Readable, boolean]>([
    ['lets go of the request', new IncomingMessage(new Socket()), false], ['ends another source', new PassThrough(), true],
  ])('%s when it is ended', async (_what, source, isEnded) => {
    const body = new SearchedBody(source, () => undefined);
    body.destroy();
    await new Promise((closed) => body.once('close', closed));
    expect([source.destroyed, source.listenerCount('data')]).toEqual([isEnded, 0]);
  });
});

describe('an answer that is searched for a credential', () => {
  const search = (...values: string[]) => new Credentials(values).search();

  test('passes nothing of it, however it is cut', () => {
    fc.assert(fc.property(fc.string(), fc.string(), cuts, (before, behind, at) => {
      const { passed, hit } = through(search(CREDENTIAL, 'another-one'), cut(`${before}${CREDENTIAL}${behind}`, at));
      expect(hit).toBe(true);
      expect(passed.length).toBeLessThanOrEqual(Buffer.from(before, 'latin1').length);
    }), { numRuns: 1000 });
  });

  test('passes whole when it only looks so', () => {
    const parts = fc.array(fc.constantFrom('s', 'sk', 'sk-', 'sk-planted', CREDENTIAL.slice(0, -1), CREDENTIAL.slice(1), ' '), { maxLength: 12 });
    fc.assert(fc.property(parts.map((some) => some.join('')).filter((text) => !text.includes(CREDENTIAL)), cuts, (text, at) => {
      expect(through(search(CREDENTIAL), cut(text, at))).toEqual({ passed: text, hit: false });
    }), { numRuns: 1000 });
  });

  test.each([[SEARCHED_ANSWER - 1, true], [SEARCHED_ANSWER, false]])('is searched for what begins at byte %d: %p', (at, hit) => {
    const chunks = [Buffer.alloc(at, 'x'), Buffer.from(CREDENTIAL)];
    expect(through(search(CREDENTIAL), chunks).hit).toBe(hit);
  });

  test.each<[string, Parameters<typeof credentialsOf>[0], string]>([
    ['behind Bearer', { setHeaders: { Authorization: `Bearer ${CREDENTIAL}` } }, CREDENTIAL],
    ['behind token', { setHeaders: { Authorization: `token ${CREDENTIAL}` } }, CREDENTIAL],
    ['as the password of Basic', { setHeaders: { Authorization: `Basic ${Buffer.from(`x-access-token:${CREDENTIAL}`).toString('base64')}` } }, CREDENTIAL],
    ['as Basic itself', { setHeaders: { Authorization: 'Basic dXNlcjpwYXNzd29yZA==' } }, 'dXNlcjpwYXNzd29yZA=='],
    ['in a header of its own', { setHeaders: { 'X-Api-Key': CREDENTIAL } }, CREDENTIAL],
    ['in the query', { setQueryParams: { key: CREDENTIAL } }, CREDENTIAL],
    ['escaped', { setQueryParams: { key: 'a/b+c=d/e+f=' } }, 'a%2Fb%2Bc%3Dd%2Fe%2Bf%3D'],
  ])('has a credential %s', (_where, placed, shown) => {
    expect(through(credentialsOf(placed, [])!.search(), [Buffer.from(`it is ${shown}.`)]).hit).toBe(true);
  });

  test.each<[string, Parameters<typeof credentialsOf>[0], string[]]>([
    ['short', { setHeaders: { 'x-key': '1234567' } }, []], ['shown by the client itself', { setHeaders: { 'x-amz-date': '20260101T000000Z' } }, ['X-Amz-Date', '20260101T000000Z']],
    ['not there', {}, []],
  ])('is not searched for what is %s', (_what, placed, shown) => {
    expect(credentialsOf(placed, shown)).toBeUndefined();
  });
});
