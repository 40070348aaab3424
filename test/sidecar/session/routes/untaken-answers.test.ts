import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { describeMeans, NODE_MEANS, workbench, Workbench } from './workbench';
import { SESSION_ROUTES } from '../../../../src/protocol/session-api';
import { eventually } from '../../../helpers/temp-folder';

/** More than any socket holds, as JSON: each of the zero bytes has six characters there. */
const OUTPUT = 8 * 1024 * 1024;

/** A request of which the client reads no answer, and the connection as the daemon has it. */
async function deaf(
  { app, port, authorization }: Workbench, command: readonly string[],
): Promise<{ readonly theirs: Socket; readonly ours: Socket }> {
  const accepted = once(app.server, 'connection');
  const theirs = connect(port, '127.0.0.1').on('error', () => undefined).pause();
  const body = JSON.stringify({ command });
  theirs.write(`POST ${SESSION_ROUTES.execute} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  return { theirs, ours: (await accepted)[0] };
}

describeMeans((means) => {
  test('a client that takes nothing of an answer is cut off, and what was kept for it is given back', async () => {
    const bench = await workbench(means(), { limits: { stalledMs: 2000, maxKeptOutput: OUTPUT, maxHeldBytes: 2 * OUTPUT } });
    const { theirs, ours } = await deaf(bench, ['head', '-c', String(OUTPUT), '/dev/zero']);
    await eventually(() => ours.destroyed);
    theirs.destroy();
    const { body } = await bench.execute(['head', '-c', String(OUTPUT), '/dev/zero']);
    expect(body).toMatchObject({ exit_code: 0, stdout_truncated: false });
  }, 30_000);
});

test('it holds no place of a command meanwhile', async () => {
  const bench = await workbench(NODE_MEANS, { limits: { maxCommands: 1, maxWaitingCommands: 1, maxKeptOutput: OUTPUT } });
  const { theirs, ours } = await deaf(bench, ['head', '-c', String(OUTPUT), '/dev/zero']);
  await eventually(() => ours.writableLength > 0);
  expect(await bench.execute(['true'])).toMatchObject({ status: 200, body: { exit_code: 0 } });
  expect(ours.destroyed).toBe(false);
  theirs.destroy();
}, 30_000);

test('a command may take longer than an answer, also behind another request of its connection', async () => {
  const { port, authorization } = await workbench(NODE_MEANS, { limits: { stalledMs: 100 } });
  const request = (command: readonly string[]): string => {
    const body = JSON.stringify({ command });
    return `POST ${SESSION_ROUTES.execute} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  };
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (bytes) => { text += String(bytes); });
  socket.write(request(['sh', '-c', 'sleep 0.4; echo first']) + request(['sh', '-c', 'sleep 0.8; echo second']) + request(['echo', 'third']));
  await eventually(() => text.includes('third') || socket.destroyed);
  expect(text.match(/first|second|third/g)).toEqual(['first', 'second', 'third']);
  socket.destroy();
});
