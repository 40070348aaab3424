import { ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { lockFolder } from '../../../../../sidecar/src/broker/audit/log/lock';
import { decision, openLog, temporaryFolders } from '../support';

const folder = temporaryFolders();

// A disk may be slow.
jest.setTimeout(60_000);

afterEach(() => jest.restoreAllMocks());

const locks = (at: string): string[] => readdirSync(at).filter((name) => name.startsWith('lock-'));

/** Another process that holds the folder as a broker does. */
async function holder(at: string, number = 1): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', `
    require('node:net').createServer((socket) => socket.destroy()).listen(process.argv[1], () => console.log('held'));
    setTimeout(() => process.exit(), 20000);
  `, join(at, `lock-${number}.sock`)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  return child;
}

function killed(child: ChildProcess): Promise<unknown> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  return gone;
}

test('a folder that was given back can be taken again', async () => {
  const at = folder();
  for (let turn = 0; turn < 3; turn++) await (await lockFolder(at)).release();
  expect(locks(at)).toEqual([]);
});

test('the lock of a process that was killed does not stop the next, and is cleared away', async () => {
  const at = folder();
  await killed(await holder(at));
  expect(locks(at)).toEqual(['lock-1.sock']);
  const lock = await lockFolder(at);
  expect(locks(at)).toEqual(['lock-2.sock']);
  await lock.release();
});

test('of many that want a folder at once, with a dead lock in it, no two get it', async () => {
  for (let turn = 0; turn < 20; turn++) {
    const at = folder();
    if (turn % 4 === 0) await killed(await holder(at));
    const taken = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(at)));
    const held = taken.flatMap((one) => one.status === 'fulfilled' ? [one.value] : []);
    expect(held.length).toBeLessThanOrEqual(1);
    await Promise.all(held.map((lock) => lock.release()));
    await (await lockFolder(at)).release();
  }
});

test('who connects to the lock is sent away', async () => {
  const at = folder();
  const lock = await lockFolder(at);
  await new Promise((resolve) => connect(join(at, 'lock-1.sock')).once('close', resolve).resume());
  await lock.release();
});

describe('refused is', () => {
  test('a folder that this process has already', async () => {
    const at = folder();
    const log = await openLog(at);
    await expect(openLog(at)).rejects.toThrow(`another broker has the audit folder ${at}: two must not write one log`);
    await log.write(decision());
    await log.close();
  });

  test('a folder that another process has, until it is killed', async () => {
    const at = folder();
    const child = await holder(at);
    await expect(lockFolder(at)).rejects.toThrow('another broker has the audit folder');
    await killed(child);
    await (await lockFolder(at)).release();
  });

  test('a folder with a lock of a higher number, however many dead ones there are', async () => {
    const at = folder();
    await killed(await holder(at));
    const lock = await lockFolder(at);
    await expect(lockFolder(at)).rejects.toThrow('another broker');
    await lock.release();
  });

  test.each([
    ['at the same moment', 1],
    ['a moment before, which the first look missed', 2],
  ])('a folder that another process took %s', async (_, number) => {
    const at = folder();
    const child = await holder(at, number);
    jest.spyOn(fs, 'readdir').mockResolvedValueOnce([]);
    await expect(lockFolder(at)).rejects.toThrow('another broker has the audit folder');
    expect(locks(at)).toEqual([`lock-${number}.sock`]);
    await killed(child);
  });

  test('a folder in which no socket can be made', async () => {
    const at = folder();
    mkdirSync(join(at, 'lock-1.sock'));
    jest.spyOn(fs, 'readdir').mockResolvedValueOnce([]);
    await expect(lockFolder(at)).rejects.toThrow();
  });

  test('a folder whose path is too long for a socket', async () => {
    await expect(lockFolder(`/tmp/${'x'.repeat(90)}`)).rejects.toThrow('is too long for its lock');
  });

  test('a folder that is not there', async () => {
    await expect(lockFolder(join(folder(), 'nowhere'))).rejects.toThrow('ENOENT');
  });

  test('nothing by a plain file in the place of a lock: nobody listens there', async () => {
    const at = folder();
    writeFileSync(join(at, 'lock-7.sock'), '');
    const lock = await lockFolder(at);
    expect(locks(at)).toEqual(['lock-8.sock']);
    await lock.release();
  });
});
