import fc from 'fast-check';
import { bytes, HAS_OPENSSL, hello, helloOfNode, helloOfOpenssl, readIn, records, serverNames } from './hellos';

describe('real clients', () => {
  test.each([
    ['TLS 1.3', { minVersion: 'TLSv1.3' }], ['TLS 1.2', { maxVersion: 'TLSv1.2' }], ['both', {}],
  ] as const)('Node with %s', async (_what, options) => {
    expect(readIn(await helloOfNode({ servername: 'Api.Example.com', ...options }), 7)).toEqual({ state: 'hello', serverName: 'api.example.com', alpn: [], hasEch: false });
  });

  test('Node that dials an address names no server', async () => {
    expect(readIn(await helloOfNode({ ALPNProtocols: ['http/1.1'] }))).toEqual({ state: 'hello', alpn: ['http/1.1'], hasEch: false });
  });

  test('Node of an old version is refused', async () => {
    expect(readIn(await helloOfNode({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }))).toEqual({ state: 'refused', reason: 'Version' });
  });

  const withOpenssl = HAS_OPENSSL ? test : test.skip;

  withOpenssl.each([
    [['-servername', 'api.example.com', '-alpn', 'h2,http/1.1'], { serverName: 'api.example.com', alpn: ['h2', 'http/1.1'] }],
    [['-servername', 'api.example.com', '-tls1_2'], { serverName: 'api.example.com', alpn: [] }],
    [['-noservername', '-tls1_3'], { alpn: [] }],
    [['-servername', 'api.example.com', '-groups', 'X25519:P-256:P-521'], { serverName: 'api.example.com', alpn: [] }],
  ])('openssl s_client %j', async (args, said) => {
    expect(readIn(await helloOfOpenssl(...args), 3)).toEqual({ state: 'hello', hasEch: false, ...said });
  });

  withOpenssl.each([
    [['-tls1_1', '-cipher', 'ALL@SECLEVEL=0'], 'Version'], [['-servername', '127.0.0.1'], 'ServerName'], [['-servername', 'api.example.com.'], 'ServerName'],
    [['-servername', 'my_host.example'], 'ServerName'],
  ])('openssl s_client %j is refused', async (args, reason) => {
    expect(readIn(await helloOfOpenssl(...args))).toEqual({ state: 'refused', reason });
  });
});

describe('hostile bytes', () => {
  const base = hello({ extensions: [[0x2a2a, Buffer.of(0)], serverNames('api.example.com'), [16, bytes('000302 6832')], [43, bytes('0403040303')]] });
  const states = ['need-more', 'hello', 'refused'];

  test('never throw, and say the same in any chunks', () => {
    const chunks = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 8 });
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 400 }).map((data) => Buffer.from(data)),
      fc.uint8Array({ maxLength: 400 }).map((data) => records(Buffer.concat([bytes('01000100'), data]))),
      fc.uint8Array({ maxLength: 200 }).map((data) => hello({ extensions: [[0, Buffer.from(data)]] })),
    );
    fc.assert(fc.property(noise, chunks, (data, sizes) => {
      const whole = readIn(data);
      expect(states).toContain(whole.state);
      expect(readIn(data, ...sizes)).toEqual(whole);
    }), { numRuns: 2000 });
  });

  test('of a changed hello never give another name than is in them', () => {
    fc.assert(fc.property(fc.nat({ max: base.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: 3 }), (at, value, kind) => {
      const changed = kind === 0
        ? base.subarray(0, at)
        : kind === 1 ? Buffer.concat([base.subarray(0, at), Buffer.of(value), base.subarray(at)])
          : kind === 2 ? Buffer.concat([base.subarray(0, at), base.subarray(at + 1)])
            : Buffer.concat([base.subarray(0, at), Buffer.of(value), base.subarray(at + 1)]);
      const said = readIn(changed, 5);
      if (said.state !== 'hello' || said.serverName === undefined) return;
      expect(changed.toString('latin1').toLowerCase()).toContain(said.serverName);
    }), { numRuns: 3000 });
  });

  test('are forgotten beyond their bound', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), (size) => {
      const endless = records(Buffer.concat([bytes('01003f00'), Buffer.alloc(30_000)]), size);
      expect(readIn(endless, 1_000)).toEqual({ state: 'refused', reason: 'TooLong' });
    }));
  });
});
