import { Answer, END, events, gateway, PLACE, soon } from './gateway-stand-in';
import type { CommandEvent, CommandOptions, Session } from '../../src/client';

const EXECUTE = '/v1/namespaces/team-a/code-interpreters/python/invocations/api/execute';
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

async function session(...answers: Answer[]) {
  const { client, asked } = await gateway(...answers);
  return { session: client().session('s-1', PLACE), asked };
}

async function eventsOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of stream) all.push(event);
  return all;
}

describe('a command', () => {
  test('is sent with all that was said, and its result comes back', async () => {
    const { session: own, asked } = await session({ body: { ...END, exit_code: -1, signal: 'SIGKILL', timed_out: true, stdout: 'out', stderr: 'err' } });
    const result = await own.execute(['python3', '-'], { timeout: '90s', workingDir: 'src', env: { A: '1' }, stdin: 'print()' });
    expect(result).toEqual({
      exitCode: -1,
      durationSeconds: 0.5,
      startTime: END.start_time,
      endTime: END.end_time,
      signal: 'SIGKILL',
      timedOut: true,
      stdoutTruncated: false,
      stderrTruncated: false,
      stdout: 'out',
      stderr: 'err',
    });
    expect(asked).toEqual([expect.objectContaining({ method: 'POST', url: EXECUTE })]);
    expect(asked[0].headers).toMatchObject({ 'x-agentcube-session-id': 's-1', 'authorization': 'Bearer planted-token' });
    expect(JSON.parse(asked[0].text)).toEqual({
      command: ['python3', '-'], timeout: '90s', working_dir: 'src', env: { A: '1' }, stdin: 'print()', encoding: 'utf8',
    });
  });

  test('says no more than it was told', async () => {
    const { session: own, asked } = await session({ body: { ...END, stdout: '', stderr: '' } });
    expect(await own.execute(['true'])).not.toHaveProperty('signal');
    expect(JSON.parse(asked[0].text)).toEqual({ command: ['true'], encoding: 'utf8' });
  });

  test('writes bytes as they are when bytes are wanted', async () => {
    const { session: own, asked } = await session({ body: { ...END, stdout: base64(Buffer.from([0, 255])), stderr: '' } });
    const { stdout, stderr } = await own.execute(['cat'], { stdin: 'ü', output: 'bytes' });
    expect([[...stdout], [...stderr]]).toEqual([[0, 255], []]);
    expect(JSON.parse(asked[0].text)).toMatchObject({ stdin: base64('ü'), encoding: 'base64' });
  });

  test('reads bytes, and writes text all the same', async () => {
    const { session: own, asked } = await session({ body: { ...END, stdout: base64('ü'), stderr: base64(Buffer.from([255])) } });
    expect(await own.execute(['cat'], { stdin: Uint8Array.of(1, 2) })).toMatchObject({ stdout: 'ü', stderr: '\ufffd' });
    expect(JSON.parse(asked[0].text)).toMatchObject({ stdin: 'AQI=', encoding: 'base64' });
  });

  test('that was not begun is sent again', async () => {
    const { session: own, asked } = await session(soon('SESSION_NOT_READY'), { body: { ...END, stdout: '', stderr: '' } });
    expect((await own.execute(['true'])).exitCode).toBe(0);
    expect(asked).toHaveLength(2);
  });

  test.each(['UNAVAILABLE', 'POOL_EMPTY', 'STORE_UNAVAILABLE', 'HELPER_GONE'])('that may have been begun is not sent again: %s', async (code) => {
    const { session: own, asked } = await session(soon(code));
    await expect(own.execute(['true'])).rejects.toMatchObject({ code, status: 503 });
    expect(asked).toHaveLength(1);
  });

  test('is not sent again when the connection breaks', async () => {
    const { session: own, asked } = await session({ headers: { 'content-length': '10' }, body: '{', cut: true });
    await expect(own.execute(['true'])).rejects.toMatchObject({ code: 'ANSWER_BROKEN' });
    expect(asked).toHaveLength(1);
  });

  test('can be given up before it is sent', async () => {
    const { session: own, asked } = await session();
    await expect(own.execute(['true'], { signal: AbortSignal.abort(new Error('given up')) })).rejects.toThrow('given up');
    expect(asked).toEqual([]);
  });
});

describe('a stream', () => {
  const streamed = async (body: string | readonly string[], options: CommandOptions = {}, more: Partial<Answer> = {}) => {
    const { session: own, asked } = await session({ body, ...more });
    return { read: () => eventsOf(own.stream(['make'], options) as AsyncIterable<CommandEvent<unknown>>), asked };
  };

  test('tells what happens as it happens, and last how it ended', async () => {
    const text = `:\n\n${events(['stdout', { data: 'a' }], ['stderr', { data: 'b' }], ['later', {}], ['exit', { ...END, exit_code: 3 }])}`;
    const { read, asked } = await streamed([text.slice(0, 30), text.slice(30, 41), text.slice(41)]);
    expect(await read()).toEqual([{ type: 'stdout', data: 'a' }, { type: 'stderr', data: 'b' }, expect.objectContaining({ type: 'exit', exitCode: 3 })]);
    expect(asked[0].headers.accept).toBe('text/event-stream');
  });

  test('has bytes when bytes are wanted', async () => {
    const { read } = await streamed(events(['stdout', { data: base64(Buffer.from([0, 255])) }], ['exit', END]), { output: 'bytes' });
    const [first] = await read();
    expect(first).toEqual({ type: 'stdout', data: Uint8Array.of(0, 255) });
  });

  test('puts a character together that came in two pieces', async () => {
    const bytes = Buffer.from('ü');
    const halves = [bytes.subarray(0, 1), bytes.subarray(1)].map((half) => ['stdout', { data: base64(half) }] as const);
    const text = events(...halves, ['stdout', { data: '/w==' }], ['stderr', { data: 'w7w=' }], ['stderr', { data: 'ww==' }], ['exit', END]);
    const { read } = await streamed(text, { stdin: Uint8Array.of(1) });
    const all = await read();
    const of = (type: string): string => all.map((event) => (event.type === type ? (event as { data: string }).data : '')).join('');
    expect([of('stdout'), of('stderr')]).toEqual(['ü\ufffd', 'ü\ufffd']);
    expect(all.at(-1)).toMatchObject({ type: 'exit' });
  });

  const REFUSAL = { error: 'x', code: 503, reason: 'HELPER_GONE', detail: 'd' };

  test.each<[string, Answer, object]>([
    ['that ends before the command', { body: events(['stdout', { data: 'a' }]) }, { code: 'ANSWER_BROKEN' }],
    ['that breaks off', { body: events(['stdout', { data: 'a' }]), cut: true }, { code: 'ANSWER_BROKEN' }],
    ['whose events are no JSON', { body: 'event: stdout\ndata: {\n\n' }, { code: 'ANSWER_BROKEN' }],
    ['in which the session refuses', { body: events(['error', REFUSAL]) }, { code: 'HELPER_GONE', status: 503, message: 'd' }],
  ])('%s is an error', async (_, answer, expected) => {
    const { read } = await streamed('', {}, answer);
    await expect(read()).rejects.toMatchObject({ name: 'SessionError', ...expected });
  });

  test('is asked for when somebody listens, and not before', async () => {
    const { session: own, asked } = await session({ body: events(['exit', END]) });
    const stream = own.stream(['true']);
    expect(asked).toEqual([]);
    await eventsOf(stream);
    expect(asked).toHaveLength(1);
  });
});

test('the types tell text from bytes', async () => {
  const { session: own } = await session({ body: { ...END, stdout: '', stderr: '' } });
  const check = async (one: Session) => {
    const text: string = (await one.execute(['true'])).stdout;
    const bytes: Uint8Array = (await one.execute(['true'], { output: 'bytes' })).stdout;
    return [text, bytes.length];
  };
  expect(await check(own)).toEqual(['', 0]);
});
