import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeProcesses, DIRECTORY, ENV, FOLDER_PATH, run, sh, start } from './commands';
import { CommandNotStarted, OUTPUT_WINDOW } from '../../../sidecar/src/session/processes';
import { eventually } from '../../helpers/temp-folder';

describeProcesses((processes) => {
  test('a command has the arguments, environment and directory that it was given, and no other', async () => {
    mkdirSync(join(FOLDER_PATH, 'work'), { recursive: true });
    const directory = DIRECTORY.directory('work');
    const script = 'printf "%s|" "$@"; printf "%s" "$GREETING|$HOME|"; pwd -P';
    const { stdout, stderr, code, dropped } = await run(processes(), ['sh', '-c', script, 'sh', 'a b', '', 'ü\n'], { env: { ...ENV, GREETING: 'hello' }, directory });
    directory.close();
    expect(stdout).toBe(`a b||ü\n|hello||${FOLDER_PATH}/work\n`);
    expect({ stderr, code, dropped }).toEqual({ stderr: '', code: 0, dropped: { stdout: 0, stderr: 0 } });
  });

  test.each([0, 1, 127, 255])('the code %d is told', async (code) => {
    expect(await sh(processes(), `exit ${code}`)).toMatchObject({ code });
  });

  test.each(['SIGKILL', 'SIGTERM', 'SIGSEGV'] as const)('death by %s is told, and no code', async (signal) => {
    const end = await sh(processes(), `kill -${signal.slice(3)} $$`);
    expect([end.signal, end.code]).toEqual([signal, undefined]);
  });

  test('bytes arrive as they were written, from each source apart', async () => {
    const { output, ended } = start(processes(), ['sh', '-c', "printf '\\377\\000\\200'; printf '\\001' >&2"]);
    await ended;
    expect([Buffer.concat(output.stdout), Buffer.concat(output.stderr)]).toEqual([Buffer.from([0xff, 0, 0x80]), Buffer.from([1])]);
  });

  test('input arrives whole, also when it is larger than any buffer', async () => {
    const input = [Buffer.alloc(300_000, 'a'), Buffer.alloc(0), Buffer.alloc(700_000, 'b')];
    const digest = createHash('sha256').update(Buffer.concat(input)).digest('hex');
    expect(await run(processes(), ['sh', '-c', 'sleep 0.1; sha256sum'], { input })).toMatchObject({ stdout: `${digest}  -\n`, code: 0 });
  });

  test('input may come slowly', async () => {
    const input = (async function* () {
      for (const word of ['one ', 'two ', 'three']) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        yield Buffer.from(word);
      }
    })();
    expect(await run(processes(), ['cat'], { input })).toMatchObject({ stdout: 'one two three' });
  });

  test('without input there is none, so nothing waits for it', async () => {
    expect(await run(processes(), ['cat'])).toMatchObject({ stdout: '', code: 0 });
  });

  test('input that nobody reads is given up, and its source is told', async () => {
    let stopped = false;
    const input = (function* () {
      try {
        for (;;) yield Buffer.alloc(65536);
      } finally {
        stopped = true;
      }
    })();
    expect(await run(processes(), ['true'], { input })).toMatchObject({ code: 0 });
    await eventually(() => stopped);
  });

  test('beyond the most output the rest is counted and dropped, and the command runs to its end', async () => {
    const { stdout, dropped, code } = await sh(processes(), 'head -c 5000000 /dev/zero; exit 3', { maxOutput: 1000 });
    expect([stdout.length, dropped.stdout, code]).toEqual([1000, 4_999_000, 3]);
  });

  test('exactly the most output is not cut', async () => {
    const { stdout, dropped } = await sh(processes(), 'head -c 1000 /dev/zero', { maxOutput: 1000 });
    expect([stdout.length, dropped.stdout]).toEqual([1000, 0]);
  });

  test('a slow taker holds the command up: no more than a window is under way', async () => {
    let taken = 0;
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { ended } = start(processes(), ['head', '-c', '4000000', '/dev/zero'], {
      maxOutput: 8_000_000,
      onOutput: async (_, bytes) => {
        taken += bytes.length;
        await gate;
      },
    });
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 300))]);
    expect(taken).toBeLessThanOrEqual(OUTPUT_WINDOW);
    release();
    expect((await ended).dropped.stdout).toBe(0);
    expect(taken).toBe(4_000_000);
  });

  test('what a taker throws ends the command and is what its end rejects with', async () => {
    const { ended } = start(processes(), ['sh', '-c', 'yes'], {
      onOutput: () => {
        throw new Error('the client has gone');
      },
    });
    await expect(ended).rejects.toThrow('the client has gone');
  });

  test('what a source of input throws does so too', async () => {
    const input = (function* () {
      yield Buffer.from('a');
      throw new Error('no more');
    })();
    await expect(run(processes(), ['sleep', '100'], { input })).rejects.toThrow('no more');
  });

  test('the program is looked up in the path of its own environment', async () => {
    writeFileSync(join(FOLDER_PATH, 'own-tool'), '#!/bin/sh\necho mine\n', { mode: 0o755 });
    expect(await run(processes(), ['own-tool'], { env: { PATH: `/nowhere:${FOLDER_PATH}:/usr/bin:/bin` } })).toMatchObject({ stdout: 'mine\n' });
    expect(await run(processes(), ['./own-tool'], { env: { PATH: '/usr/bin:/bin' } })).toMatchObject({ stdout: 'mine\n' });
  });

  test('a script without an interpreter line is run by the shell', async () => {
    writeFileSync(join(FOLDER_PATH, 'plain'), 'echo "plain $1"\n', { mode: 0o755 });
    expect(await run(processes(), ['./plain', 'x'])).toMatchObject({ stdout: 'plain x\n' });
  });

  test('five hundred commands at once all end', async () => {
    const ends = await Promise.all(Array.from({ length: 500 }, (_, i) => sh(processes(), `sleep 0.2; exit ${i % 256}`)));
    expect(ends.map(({ code }) => code)).toEqual(Array.from({ length: 500 }, (_, i) => i % 256));
  }, 120_000);

  describe('refused, with the reason of the system, is', () => {
    test.each([
      ['a program that is not there', ['no-such-program'], {}, 'ENOENT'],
      ['a path that is not there', ['./nowhere/program'], {}, 'ENOENT'],
      ['a folder', [FOLDER_PATH], {}, 'EACCES'],
      ['no program', [], {}, 'EINVAL'],
      ['an empty name', [''], {}, 'ENOENT'],
      ['a zero byte in an argument', ['echo', 'a\0b'], {}, 'EINVAL'],
      ['a zero byte in the environment', ['echo'], { env: { A: 'a\0b' } }, 'EINVAL'],
      ['a name of a variable with an equals sign', ['echo'], { env: { 'A=B': 'c' } }, 'EINVAL'],
      ['a variable without a name', ['echo'], { env: { '': 'c' } }, 'EINVAL'],
      ['more arguments than a program can have', ['echo', ...Array.from({ length: 12 }, () => 'x'.repeat(100_000))], {}, 'E2BIG'],
      ['an argument longer than the kernel takes', ['echo', 'x'.repeat(200_000)], {}, 'E2BIG'],
    ] as const)('%s', async (_, argv, more, code) => {
      const refusal: unknown = await run(processes(), argv, more).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(CommandNotStarted);
      expect((refusal as CommandNotStarted).code).toBe(code);
    });
  });
});
