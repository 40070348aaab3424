import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { closeAll, dropping, listening } from './ports';
import { networkDial } from '../../../sidecar/src/fence/dial';
import { unreachables } from '../../../sidecar/src/fence/unreachables';
import { freePort } from '../../helpers/free-port';
import { standStill } from '../stand-still';

const HERE = '127.0.0.1';
/** Whoever is answered has no need of it, however long this process stands still. */
const PATIENCE = 60_000;
const counting = (...numbers: number[]) => networkDial(PATIENCE, () => numbers.shift()!);
afterEach(closeAll);

test('whoever accepts answers', async () => {
  expect(await networkDial(PATIENCE)(HERE, await listening())).toEqual({ kind: 'answers', because: 'it accepts connections' });
});

test('who drops packets stops them', async () => {
  expect(await networkDial(100)(HERE, await dropping())).toEqual({ kind: 'stopped', because: 'no answer within 0.1 s' });
});

test('who accepts while this process stands still answers, although the time is over', async () => {
  const dialed = networkDial(50)(HERE, await listening());
  await standStill(100);
  expect(await dialed).toMatchObject({ kind: 'answers' });
});

/** The kernel counts for the whole machine: what was dialled while somebody else got an ICMP message is dialled again. */
async function undisturbed<T>(dial: () => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const before = unreachables();
    const dialed = await dial();
    if (unreachables() === before) return dialed;
  }
  throw new Error('ICMP messages come all the time');
}

describe('a refusal', () => {
  test('of the other end shows that packets get there', async () => {
    expect(await undisturbed(async () => networkDial(PATIENCE)(HERE, await freePort()))).toEqual({ kind: 'failed', because: 'the other end refuses, so packets get there' });
    expect(await counting(7, 7)(HERE, await freePort())).toMatchObject({ kind: 'failed' });
  });

  test('that came with an ICMP message is that of a filter', async () => {
    expect(await counting(7, 8)(HERE, await freePort())).toEqual({ kind: 'stopped', because: 'rejected by ICMP' });
  });

  test('by ICMP meant for somebody else changes no connection that is there', async () => {
    expect(await counting(7, 8)(HERE, await listening())).toMatchObject({ kind: 'answers' });
  });
});

test('a fault of this side stops nothing', async () => {
  expect(await networkDial(PATIENCE)('no such host.invalid', 1)).toEqual({ kind: 'failed', because: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) });
});

test('what the kernel does not send at all is stopped', async () => {
  expect(await networkDial(PATIENCE)('255.255.255.255', 1)).toEqual({ kind: 'stopped', because: expect.stringMatching(/^E(NETUNREACH|ACCES)$/) });
});

(existsSync('/proc/net/snmp') ? test : test.skip)('an ICMP message is counted', async () => {
  const before = unreachables();
  const socket = createSocket('udp4');
  const refused = new Promise((resolve) => socket.once('error', resolve));
  const port = await freePort();
  socket.connect(port, HERE, () => socket.send('anybody there?'));
  await refused;
  socket.close();
  expect(unreachables()).toBeGreaterThan(before);
});
