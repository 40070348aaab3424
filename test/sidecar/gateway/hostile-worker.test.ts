import fc from 'fast-check';
import { closeAll, dialled, invoke, rawWorker, until } from './sockets';
import { BASE, gateway, ID } from './world';

afterAll(closeAll);

const LINES = [
  'HTTP/1.1 200 OK\r\n', 'HTTP/1.0 200 OK\r\n', 'HTTP/1.1 101 Switching Protocols\r\n', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Hints\r\n\r\n', 'HTTP/1.1 204 No\r\n',
  'HTTP/1.1 304 No\r\n', 'HTTP/1.1 999 ?\r\n', 'HTTP/1.1 503 X\r\nContent-Type: application/json\r\n', 'HTTP/2 200\r\n', 'Connection: close\r\n', 'Connection: Upgrade\r\nUpgrade: websocket\r\n',
  'Connection: keep-alive\r\nKeep-Alive: timeout=0\r\n', 'Content-Length: 5\r\n', 'Content-Length: 70000\r\n', 'Content-Length: -1\r\n', 'Transfer-Encoding: chunked\r\n', 'Trailer: x\r\n', '\r\n', '5\r\nhello\r\n',
  '0\r\n\r\n', '0\r\nX: y\r\n\r\n', 'ffffffffffffffffff\r\n', 'hello', 'x'.repeat(70_000), '\0', '\n',
];
const ENDS = ['none', 'end', 'destroy', 'resetAndDestroy'] as const;

test('whatever a worker sends and however it ends, others are served and no slot is kept', async () => {
  const other = '5f1d5a0e-0b62-4b0b-9a3c-333333333333';
  let script: { readonly parts: readonly string[]; readonly end: (typeof ENDS)[number] } = { parts: [], end: 'none' };
  const hostile = await rawWorker((_text, socket) => {
    const { parts, end } = script;
    parts.forEach((part, at) => setTimeout(() => socket.writable && socket.write(part, 'latin1'), at));
    setTimeout(() => { if (end !== 'none') socket[end](); }, parts.length + 2);
  });
  const world = await gateway({ controls: async () => ({ status: 200, body: {} }) });
  await world.session(hostile);
  await world.session(await rawWorker((_text, socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')), { id: other });
  const good = fc.constantFrom('HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const parts = fc.tuple(fc.option(good, { nil: '' }), fc.array(fc.constantFrom(...LINES), { maxLength: 6 })).map(([first, more]) => [first, ...more].filter((part) => part !== ''));
  await fc.assert(fc.asyncProperty(parts, fc.constantFrom(...ENDS), fc.boolean(), fc.boolean(), async (sent, end, isSlow, upgrades) => {
    script = { parts: sent, end };
    const asking = upgrades ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : '';
    const socket = await dialled(world.port, `GET ${BASE}/ HTTP/1.1\r\nHost: x\r\nx-agentcube-session-id: ${ID}\r\n${asking}\r\n`);
    if (isSlow) socket.pause();
    else socket.resume();
    await new Promise((next) => setTimeout(next, 20));
    socket.destroy();
    expect(await invoke(world.port, '/', { headers: { 'x-agentcube-session-id': other } })).toMatchObject({ status: 200, text: 'ok' });
    await until(() => world.open() === 0, 'the end of the slot');
  }), { numRuns: 200, endOnFailure: true });
}, 120_000);
