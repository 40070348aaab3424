import fc from 'fast-check';
import { alpn, bytes, hello, helloOfNode, message, readIn, records, serverNames, vector } from './hellos';
import { ClientHelloReader } from '../../../../sidecar/src/egress/hello/client-hello';

const SNI = serverNames('api.example.com');
const refused = (reason: string) => ({ state: 'refused', reason });

// https://www.rfc-editor.org/rfc/rfc8448#section-3
const RFC_8448 = bytes(`
  16030100c4 010000c0 0303
  cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7 00 0006130113031302 0100
  0091 0000000b0009000006736572766572 ff01000100 000a00140012001d0017001800190100010101020103 0104 00230000
  00330026 0024 001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c 002b0003020304
  000d0020001e040305030603020308040805080604010501060102010402050206020202 002d00020101 001c00024001`);

test('the hello of RFC 8448 asks for its server', () => {
  expect(readIn(RFC_8448)).toEqual({ state: 'hello', serverName: 'server', alpn: [], hasEch: false });
});

test('a hello is read whatever it is cut into', async () => {
  const real = await helloOfNode({ servername: 'API.example.com', ALPNProtocols: ['h2', 'http/1.1'] });
  const said = { state: 'hello', serverName: 'api.example.com', alpn: ['h2', 'http/1.1'], hasEch: false };
  const inner = real.subarray(5);
  const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 600 }), sizes, (size, chunks) => {
    expect(readIn(records(inner, size), ...chunks)).toEqual(said);
  }));
  expect(readIn(records(inner, 1), 1)).toEqual(said);
});

test('before its last byte there is no answer, and what comes behind it changes none', () => {
  const whole = hello({ extensions: [SNI] });
  const reader = new ClientHelloReader();
  expect(reader.push(Buffer.alloc(0))).toEqual({ state: 'need-more' });
  expect(reader.push(whole.subarray(0, -1))).toEqual({ state: 'need-more' });
  const answer = reader.push(Buffer.concat([whole.subarray(-1), Buffer.from('GET / HTTP/1.1')]));
  expect(answer).toMatchObject({ state: 'hello', serverName: 'api.example.com' });
  expect(reader.push(hello({ extensions: [serverNames('other.example.com')] }))).toBe(answer);
});

test('a refusal stays one', () => {
  const reader = new ClientHelloReader();
  expect(reader.push(Buffer.from('G'))).toEqual(refused('NotTls'));
  expect(reader.push(hello({ extensions: [SNI] }))).toEqual(refused('NotTls'));
});

describe('a hello may come', () => {
  test.each<[string, Buffer, object]>([
    ['without extensions, as those of TLS 1.2', hello({}), { alpn: [], hasEch: false }],
    ['with an empty list of them', hello({ extensions: [] }), { alpn: [], hasEch: false }],
    ['with types and versions that nobody knows', hello({ extensions: [[0x0a0a, Buffer.alloc(0)], SNI, [43, vector(1, bytes('1a1a0304'))], [0xfafa, Buffer.of(0)]] }), { serverName: 'api.example.com' }],
    ['for TLS 1.2 only', hello({ extensions: [SNI, [43, vector(1, bytes('0303'))]] }), { serverName: 'api.example.com' }],
    ['in records of TLS 1.2', Buffer.concat([bytes('160303'), vector(2, message({ extensions: [SNI] }))]), { serverName: 'api.example.com' }],
    ['with a protocol of any bytes', hello({ extensions: [alpn('h2', '\x0a\xff', 'a'.repeat(255))] }), { alpn: ['h2', '\x0a\xff', 'a'.repeat(255)] }],
    ['with a name of a label', hello({ extensions: [serverNames('a')] }), { serverName: 'a' }],
    ['with an A-label', hello({ extensions: [serverNames('XN--BCHER-KVA.example')] }), { serverName: 'xn--bcher-kva.example' }],
    ['with an encrypted hello inside', hello({ extensions: [SNI, [0xfe0d, Buffer.alloc(186)]] }), { serverName: 'api.example.com', hasEch: true }],
    ['with an encrypted name inside', hello({ extensions: [[0xffce, Buffer.alloc(40)]] }), { hasEch: true }],
    ['with 12 KiB of key shares', hello({ extensions: [SNI, [51, vector(2, Buffer.alloc(12_000))]] }), { serverName: 'api.example.com' }],
  ])('%s', (_what, data, said) => {
    expect(readIn(data)).toMatchObject({ state: 'hello', ...said });
    expect(readIn(data)).not.toHaveProperty('serverName', '');
  });
});

describe('what is no TLS is refused at its first byte', () => {
  test.each([['a request', 'GET / HTTP/1.1\r\n'], ['SSH', 'SSH-2.0-x\r\n'], ['mail', 'EHLO x\r\n'], ['a NUL', '\0']])('%s', (_what, text) => {
    expect(readIn(Buffer.from(text).subarray(0, 1))).toEqual(refused('NotTls'));
  });

  test('an SSL 2 hello, also one that offers TLS', () => {
    expect(readIn(bytes('802e010301'), 1)).toEqual(refused('Ssl2'));
    expect(readIn(bytes('802e'))).toEqual({ state: 'need-more' });
    expect(readIn(bytes('802e04'))).toEqual(refused('NotTls'));
  });
});

describe('a record is refused', () => {
  const start = hello({ extensions: [SNI] }).subarray(0, 60);
  const half = records(message({ extensions: [SNI] }).subarray(0, 50));
  test.each<[string, string, Buffer]>([
    ['of SSL 3', 'Version', bytes('160300')], ['of a version beyond', 'Version', bytes('160304')], ['of another major version', 'Version', bytes('1602')],
    ['that is empty', 'Record', bytes('1603010000')], ['that is empty behind another', 'Record', Buffer.concat([half, bytes('1603010000')])],
    ['that is too long', 'Record', bytes('1603014001')], ['that is an alert', 'NotTls', bytes('15030100020100')],
    ['that is an alert in the middle of a hello', 'Record', Buffer.concat([half, bytes('15030100020100')])],
    ['that changes the cipher in the middle of a hello', 'Record', Buffer.concat([half, bytes('140303000101')])],
    ['of another message', 'NotHello', bytes('160301000402000000')], ['with another message behind the hello', 'NotHello', records(Buffer.concat([message({ extensions: [SNI] }), bytes('01000000')]))],
    ['with one byte behind the hello', 'NotHello', records(Buffer.concat([message({ extensions: [SNI] }), Buffer.of(0)]))],
    ['of a hello that says it is too long', 'TooLong', bytes('160301000401003fff')], ['of a hello of 16 MiB', 'TooLong', bytes('160301000401ffffff')],
  ])('%s: %s', (_what, reason, data) => {
    expect(readIn(data, 1)).toEqual(refused(reason));
    expect(start).toHaveLength(60);
  });

  test('when records of one byte make the whole too long', () => {
    const long = message({ extensions: [SNI, [51, Buffer.alloc(8_000)]] });
    expect(readIn(records(long))).toMatchObject({ state: 'hello' });
    expect(readIn(records(long, 1), 100)).toEqual(refused('TooLong'));
    expect(readIn(records(long, 1))).toEqual(refused('TooLong'));
  });
});

describe('a hello is refused', () => {
  const cut = (data: Buffer) => records(Buffer.concat([Buffer.of(1), vector(3, data)]));
  test.each<[string, string, Buffer]>([
    ['of TLS 1.1', 'Version', hello({ version: 0x0302 })], ['of TLS 1.3 by its own number', 'Version', hello({ version: 0x0304 })], ['of SSL 3', 'Version', hello({ version: 0x0300 })],
    ['that offers none but old versions', 'Version', hello({ extensions: [SNI, [43, vector(1, bytes('03020301'))]] })],
    ['with half a version', 'Malformed', hello({ extensions: [[43, vector(1, bytes('030403'))]] })], ['with no version', 'Malformed', hello({ extensions: [[43, vector(1)]] })],
    ['with a long session id', 'Malformed', hello({ sessionId: Buffer.alloc(33) })], ['without suites', 'Malformed', hello({ suites: Buffer.alloc(0) })],
    ['with half a suite', 'Malformed', hello({ suites: Buffer.alloc(3) })], ['that must be compressed', 'Malformed', hello({ compressions: Buffer.of(1) })],
    ['without compression methods', 'Malformed', hello({ compressions: Buffer.alloc(0) })], ['that is empty', 'Malformed', cut(Buffer.alloc(0))],
    ['that ends in its random', 'Malformed', cut(bytes('0303abcd'))], ['with bytes behind its extensions', 'Malformed', cut(Buffer.concat([message({ extensions: [SNI] }).subarray(4), Buffer.of(0)]))],
    ['whose extensions are longer than it', 'Malformed', cut(Buffer.concat([message({}).subarray(4), bytes('0010')]))],
    ['whose extension is longer than the list', 'Malformed', cut(Buffer.concat([message({}).subarray(4), bytes('00040000ffff')]))],
    ['with the name twice', 'RepeatedExtension', hello({ extensions: [SNI, [10, bytes('0002001d')], serverNames('other.example.com')] })],
    ['with an unknown type twice', 'RepeatedExtension', hello({ extensions: [[0x1a1a, Buffer.alloc(0)], [0x1a1a, Buffer.alloc(0)]] })],
    ['with two names', 'ServerNames', hello({ extensions: [serverNames('api.example.com', 'other.example.com')] })],
    ['with a name of another sort', 'ServerNames', hello({ extensions: [[0, vector(2, Buffer.of(1), vector(2, Buffer.from('a')))]] })],
    ['with the extension but no name', 'Malformed', hello({ extensions: [[0, Buffer.alloc(0)]] })], ['with an empty list', 'Malformed', hello({ extensions: [[0, vector(2)]] })],
    ['with an empty name', 'Malformed', hello({ extensions: [serverNames('')] })], ['with bytes behind the list', 'Malformed', hello({ extensions: [[0, Buffer.concat([SNI[1], Buffer.of(0)])]] })],
    ['with protocols that are empty', 'Malformed', hello({ extensions: [alpn('')] })], ['with no protocol', 'Malformed', hello({ extensions: [alpn()] })],
  ])('%s: %s', (_what, reason, data) => {
    expect(readIn(data)).toEqual(refused(reason));
  });

  test.each([
    '127.0.0.1', '0x7f.1', '2130706433', '::1', '[::1]', 'api.example.com.', 'api.example.com\0', 'api.example.com\0.evil.example', 'a b.example', 'my_host.example', '*.example.com', 'api..example.com',
    '.example.com', 'b\xfccher.example', 'api.example.com:443', 'u@api.example.com', 'localhost', 'broker.agents.svc', `${'a'.repeat(64)}.example`, `${'a.'.repeat(127)}b`, '\r\n',
  ])('with the name %.40j', (text) => {
    expect(readIn(hello({ extensions: [serverNames(text)] }))).toEqual(refused('ServerName'));
  });
});
