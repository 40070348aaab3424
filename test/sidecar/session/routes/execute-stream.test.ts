import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, Socket } from 'node:net';
import { join } from 'node:path';
import { describeMeans, NODE_MEANS, workbench, Workbench } from './workbench';
import { SESSION_ROUTES } from '../../../../src/protocol/session-api';
import { eventually } from '../../../helpers/temp-folder';
import { living, longSleep } from '../commands';

const STREAM = { accept: 'text/event-stream' };

interface Event {
  readonly id: number;
  readonly event: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
}

function eventsOf(bytes: Buffer): readonly Event[] {
  return bytes.toString().split('\n\n').filter((block) => block.startsWith('id:')).map((block) => {
    const [, id, event, data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block)!;
    return { id: Number(id), event, data: JSON.parse(data) };
  });
}

function textOf(events: readonly Event[], source: string): string {
  return events.filter(({ event }) => event === source).map(({ data }) => data.data).join('');
}

/** Asks for a stream and reads nothing of it. */
function deafClient({ port, authorization }: Workbench, command: readonly string[]): Socket {
  const body = JSON.stringify({ command });
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(`POST ${SESSION_ROUTES.execute} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\naccept: text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  return socket;
}

describeMeans((means) => {
  test('output comes as events with numbers, and the end is the last', async () => {
    const { execute } = await workbench(means());
    const { status, headers, bytes } = await execute(['sh', '-c', 'echo one; sleep 0.05; echo two >&2; sleep 0.05; echo three; exit 4'], {}, STREAM);
    expect({ status, type: headers['content-type'], cache: headers['cache-control'] }).toEqual({ status: 200, type: 'text/event-stream', cache: 'no-store' });
    const events = eventsOf(bytes);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, at) => at + 1));
    expect([textOf(events, 'stdout'), textOf(events, 'stderr')]).toEqual(['one\nthree\n', 'two\n']);
    expect(events.at(-1)).toMatchObject({ event: 'exit', data: { exit_code: 4, timed_out: false, stdout_truncated: false } });
    expect(events.filter(({ event }) => event === 'exit')).toHaveLength(1);
  });

  test('output is told while the command runs', async () => {
    const bench = await workbench(means());
    const sleep = longSleep();
    const socket = deafClient(bench, ['sh', '-c', `echo early; sleep ${sleep}`]);
    let seen = '';
    socket.on('data', (bytes) => {
      seen += bytes.toString();
    });
    socket.resume();
    await eventually(() => seen.includes('"early\\n"') && living(sleep).length === 1);
    socket.destroy();
    await eventually(() => living(sleep).length === 0);
  });

  test('characters and bytes arrive whole, however they are written', async () => {
    const { execute } = await workbench(means());
    const text = eventsOf((await execute(['sh', '-c', "printf '\\303'; sleep 0.05; printf '\\244\\377'"], {}, STREAM)).bytes);
    expect(textOf(text, 'stdout')).toBe('ä\ufffd');
    const command = ['sh', '-c', "printf '\\303\\050'; sleep 0.05; printf '\\377\\n\\000'"];
    const events = eventsOf((await execute(command, { encoding: 'base64' }, STREAM)).bytes);
    expect(Buffer.from(textOf(events, 'stdout'), 'base64').toString('hex')).toBe('c328ff0a00');
  });

  test('a time that is over is told by stderr and the end', async () => {
    const { execute } = await workbench(means(), { limits: { graceMs: 50 } });
    const events = eventsOf((await execute(['sleep', longSleep()], { timeout: '100ms' }, STREAM)).bytes);
    expect(events.map(({ event }) => event)).toEqual(['stderr', 'exit']);
    expect(events[0].data).toEqual({ data: 'Command timed out after 0 seconds' });
    expect(events[1].data).toMatchObject({ exit_code: 124, timed_out: true });
  });

  test('a client that stops reading holds the command up, not the memory, and is cut off', async () => {
    const bench = await workbench(means(), { limits: { stalledMs: 300, graceMs: 50 } });
    const before = process.memoryUsage.rss();
    const mark = longSleep();
    const socket = deafClient(bench, ['sh', '-c', `head -c 1073741824 /dev/zero; sleep ${mark}`, mark]);
    await eventually(() => living(mark).length > 0);
    await eventually(() => living(mark).length === 0);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 * 1024);
    socket.destroy();
    expect(await bench.execute(['true'])).toMatchObject({ status: 200 });
  });

  test('a client that reads slowly gets all of it', async () => {
    const { execute } = await workbench(means());
    const { bytes } = await execute(['sh', '-c', 'head -c 20000000 /dev/zero | tr "\\0" a'], {}, STREAM);
    const events = eventsOf(bytes);
    expect(textOf(events, 'stdout')).toHaveLength(20_000_000);
    expect(events.at(-1)).toMatchObject({ event: 'exit', data: { exit_code: 0, stdout_truncated: false } });
  }, 120_000);
});

test('a program that is not there is told by stderr and the end', async () => {
  const { execute } = await workbench(NODE_MEANS);
  const events = eventsOf((await execute(['no-such-program'], {}, STREAM)).bytes);
  expect(events).toEqual([
    { id: 1, event: 'stderr', data: { data: '"no-such-program" was not started: ENOENT' } },
    { id: 2, event: 'exit', data: expect.objectContaining({ exit_code: 1 }) },
  ]);
});

test('a command that says nothing keeps the connection open by comments', async () => {
  const { port, authorization, folder } = await workbench(NODE_MEANS, { limits: { heartbeatMs: 30 } });
  const asked = httpRequest({ host: '127.0.0.1', port, method: 'POST', path: SESSION_ROUTES.execute, headers: { authorization, ...STREAM } });
  asked.end(JSON.stringify({ command: ['sh', '-c', 'until [ -e go ]; do sleep 0.02; done'] }));
  const [answer] = await once(asked, 'response') as [IncomingMessage];
  const ended = once(answer, 'end');
  let text = '';
  answer.on('data', (bytes) => { text += String(bytes); });
  await eventually(() => text.split(':\n\n').length > 2);
  writeFileSync(join(folder, 'go'), '');
  await ended;
  expect(eventsOf(Buffer.from(text.replaceAll(':\n\n', ''))).map(({ event }) => event)).toEqual(['exit']);
});

test.each(['*/*', 'application/json', 'text/event-streams', ''])('without asking for events there are none: accept %p', async (accept) => {
  const { execute } = await workbench(NODE_MEANS);
  expect((await execute(['true'], {}, { accept })).headers['content-type']).toContain('application/json');
});

test('what is wrong with the request is refused as ever', async () => {
  const { execute } = await workbench(NODE_MEANS);
  expect(await execute(['true'], { working_dir: '..' }, STREAM)).toMatchObject({ status: 400, body: { reason: 'PATH_REFUSED' } });
  expect(await execute([], {}, STREAM)).toMatchObject({ status: 400, body: { detail: 'command cannot be empty' } });
});
