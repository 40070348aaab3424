import { destinationRules } from '../../../../sidecar/src/egress/destinations/destination';
import { dnsLookup } from '../../../../sidecar/src/egress/destinations/dns-lookup';
import { Lookup, Resolver } from '../../../../sidecar/src/egress/destinations/resolver';

const problemOf = destinationRules({ clusterRanges: [], privateDestinations: [{ host: 'git.corp.example', cidr: '10.1.0.0/16' }] });
const HOST = 'api.example.com';

function world(answer: (host: string) => Promise<Lookup>, max?: number) {
  const timers = new Map<number, () => void>();
  const state = { now: 1_000_000 };
  const asked = jest.fn(answer);
  const after = (ms: number, run: () => void) => {
    const id = timers.size;
    timers.set(id, run);
    expect(ms).toBe(5_000);
    return () => void timers.delete(id);
  };
  const resolver = new Resolver({ lookup: asked, problemOf, clock: () => state.now, after, max });
  return { state, asked, resolver, timers };
}

const says = (addresses: string[], ttl = 30) => async (): Promise<Lookup> => ({ addresses, ttl });
const refusal = (code: string, status: number, message?: RegExp) => ({ name: 'ApiError', code, status, ...(message === undefined ? {} : { message: expect.stringMatching(message) }) });

test('the addresses of an answer are those that were checked, in its order, each once', async () => {
  const { resolver, timers } = world(says(['2606:4700::1', '1.1.1.1', '1.0.0.1', '1.1.1.1']));
  expect(await resolver.resolve(HOST)).toEqual(['2606:4700::1', '1.1.1.1', '1.0.0.1']);
  expect(timers.size).toBe(0);
});

test.each([
  ['0 seconds for one', 0, 1_000], ['30 seconds for 30', 30, 30_000], ['a day for a minute', 86_400, 60_000], ['no number for one second', Number.NaN, 1_000], ['endlessly for a minute', Infinity, 60_000],
])('an answer for %s is used so long', async (_what, ttl, lifetime) => {
  const { resolver, asked, state } = world(says(['1.1.1.1'], ttl));
  await resolver.resolve(HOST);
  state.now += lifetime - 1;
  await resolver.resolve(HOST);
  expect(asked).toHaveBeenCalledTimes(1);
  state.now += 1;
  await resolver.resolve(HOST);
  expect(asked).toHaveBeenCalledTimes(2);
});

test('many who ask at once are one question', async () => {
  const { resolver, asked } = world(says(['1.1.1.1']));
  await Promise.all(Array.from({ length: 50 }, () => resolver.resolve(HOST)));
  expect(asked).toHaveBeenCalledTimes(1);
});

test('the time of an answer begins when it is asked for', async () => {
  const late = world(async () => { late.state.now += 10_000; return { addresses: ['1.1.1.1'], ttl: 10 }; });
  await late.resolver.resolve(HOST);
  await late.resolver.resolve(HOST);
  expect(late.asked).toHaveBeenCalledTimes(2);
});

describe('an answer is refused as a whole', () => {
  test.each([
    ['a private address', '10.0.0.1'], ['the metadata service', '169.254.169.254'], ['loopback', '::1'], ['mapped IPv4', '::ffff:1.1.1.1'], ['a network that is open to another host', '10.1.0.1'],
    ['a zone', 'fe80::1%1'], ['what is no address', '127.1'],
  ])('with %s among public ones', async (_what, address) => {
    const { resolver } = world(says(['1.1.1.1', address, '1.0.0.1']));
    // The text is for the run, which learns nothing of the networks here.
    await expect(resolver.resolve(HOST)).rejects.toMatchObject(refusal('ADDRESS_REFUSED', 403, /^api\.example\.com has an address that is [^0-9:]+; allowed are public addresses and private destinations$|IPv4/));
  });

  test('when a name that was public is private the next time', async () => {
    const addresses = ['1.1.1.1'];
    const { resolver, state } = world(async () => ({ addresses: [...addresses], ttl: 0 }));
    expect(await resolver.resolve(HOST)).toEqual(['1.1.1.1']);
    addresses[0] = '127.0.0.1';
    expect(await resolver.resolve(HOST)).toEqual(['1.1.1.1']);
    state.now += 1_000;
    await expect(resolver.resolve(HOST)).rejects.toMatchObject(refusal('ADDRESS_REFUSED', 403));
  });
});

test('a private destination is resolved like any other', async () => {
  expect(await world(says(['10.1.0.1'])).resolver.resolve('git.corp.example')).toEqual(['10.1.0.1']);
});

test('an address is checked and not looked up', async () => {
  const { resolver, asked } = world(says(['1.1.1.1']));
  expect(await resolver.resolve('8.8.8.8')).toEqual(['8.8.8.8']);
  await expect(resolver.resolve('127.0.0.1')).rejects.toMatchObject(refusal('ADDRESS_REFUSED', 403));
  await expect(resolver.resolve('64:ff9b::a9fe:a9fe')).rejects.toMatchObject(refusal('ADDRESS_REFUSED', 403));
  expect(asked).not.toHaveBeenCalled();
});

describe('a failure', () => {
  test.each<[string, (host: string) => Promise<Lookup>]>([
    ['a name without address', says([])], ['a server that fails', () => Promise.reject(new Error('10.96.0.10 SERVFAIL'))], ['a refused address', says(['10.0.0.1'])],
  ])('is remembered for two seconds: %s', async (_what, answer) => {
    const { resolver, asked, state } = world(answer);
    const first = await resolver.resolve(HOST).catch((error: unknown) => error);
    state.now += 1_999;
    await expect(resolver.resolve(HOST)).rejects.toBe(first);
    expect(String(first)).not.toContain('10.');
    state.now += 1;
    await expect(resolver.resolve(HOST)).rejects.not.toBe(first);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test('is no answer in time, and the late one is forgotten', async () => {
    let answerLate: (answer: Lookup) => void = () => undefined;
    const { resolver, timers } = world(() => new Promise((resolve) => { answerLate = resolve; }));
    const asking = resolver.resolve(HOST);
    timers.forEach((run) => run());
    await expect(asking).rejects.toMatchObject(refusal('NAME_UNRESOLVED', 504));
    answerLate({ addresses: ['1.1.1.1'], ttl: 60 });
    await expect(resolver.resolve(HOST)).rejects.toMatchObject(refusal('NAME_UNRESOLVED', 504));
  });

  test('of one host pushes out nothing that is known of others', async () => {
    const { resolver, asked } = world(async (host) => ({ addresses: host === HOST ? ['1.1.1.1'] : [], ttl: 60 }), 3);
    await resolver.resolve(HOST);
    for (let guess = 0; guess < 10; guess += 1) await resolver.resolve(`x${guess}.example`).catch(() => undefined);
    await resolver.resolve(HOST);
    expect(asked.mock.calls.filter(([host]) => host === HOST)).toHaveLength(1);
  });

  test('is that too many names are being resolved', async () => {
    const { resolver } = world(() => new Promise(() => undefined));
    for (let name = 0; name < 4096; name += 1) void resolver.resolve(`x${name}.example`).catch(() => undefined);
    await expect(resolver.resolve(HOST)).rejects.toMatchObject(refusal('SERVER_OVERLOADED', 503));
  });
});

describe('the lookup by DNS', () => {
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
  const records = (...found: [address: string, ttl: number][]) => async () => found.map(([address, ttl]) => ({ address, ttl }));

  test('asks for both families and takes the shortest time', async () => {
    const queries = { resolve4: jest.fn(records(['1.1.1.1', 60], ['1.0.0.1', 20])), resolve6: jest.fn(records(['2606:4700::1', 40])) };
    expect(await dnsLookup(queries)(HOST)).toEqual({ addresses: ['2606:4700::1', '1.1.1.1', '1.0.0.1'], ttl: 20 });
    expect(queries.resolve4).toHaveBeenCalledWith(HOST, { ttl: true });
  });

  test.each(['ENODATA', 'ENOTFOUND'])('does without a family that answers %s', async (code) => {
    expect(await dnsLookup({ resolve4: records(['1.1.1.1', 60]), resolve6: failing(code) })(HOST)).toEqual({ addresses: ['1.1.1.1'], ttl: 60 });
    expect((await dnsLookup({ resolve4: failing(code), resolve6: failing(code) })(HOST)).addresses).toEqual([]);
  });

  test('does without a family whose servers fail, but does not call that an answer when the other has none', async () => {
    const addresses = dnsLookup({ resolve4: records(['1.1.1.1', 60]), resolve6: failing('ESERVFAIL') })(HOST);
    expect(await addresses).toEqual({ addresses: ['1.1.1.1'], ttl: 60 });
    await expect(dnsLookup({ resolve4: failing('ENODATA'), resolve6: failing('ETIMEOUT') })(HOST)).rejects.toMatchObject({ code: 'ETIMEOUT' });
    await expect(dnsLookup({ resolve4: failing('ESERVFAIL'), resolve6: failing('ESERVFAIL') })(HOST)).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });
});
