import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { closeAll, closed, dropping, listening } from './ports';
import { networkDial } from '../../../sidecar/src/fence/dial';
import { unreachables } from '../../../sidecar/src/fence/unreachables';

const HERE = '127.0.0.1';
const counting = (...numbers: number[]) => networkDial(100, () => numbers.shift()!);
afterEach(closeAll);

test('whoever accepts answers', async () => {
  expect(await networkDial()(HERE, await listening())).toEqual({ kind: 'answers', because: 'it accepts connections' });
});

test('who drops packets stops them', async () => {
  expect(await networkDial(100)(HERE, await dropping())).toEqual({ kind: 'stopped', because: 'no answer within 0.1 s' });
});

describe('a refusal', () => {
  test('of the other end shows that packets get there', async () => {
    expect(await networkDial()(HERE, await closed())).toEqual({ kind: 'failed', because: 'the other end refuses, so packets get there' });
    expect(await counting(7, 7)(HERE, await closed())).toMatchObject({ kind: 'failed' });
  });

  test('that came with an ICMP message is that of a filter', async () => {
    expect(await counting(7, 8)(HERE, await closed())).toEqual({ kind: 'stopped', because: 'rejected by ICMP' });
  });

  test('by ICMP meant for somebody else changes no connection that is there', async () => {
    expect(await counting(7, 8)(HERE, await listening())).toMatchObject({ kind: 'answers' });
  });
});

test('a fault of this side stops nothing', async () => {
  expect(await networkDial()('no such host.invalid', 1)).toEqual({ kind: 'failed', because: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) });
});

test('what the kernel does not send at all is stopped', async () => {
  expect(await networkDial()('255.255.255.255', 1)).toEqual({ kind: 'stopped', because: expect.stringMatching(/^E(NETUNREACH|ACCES)$/) });
});

(existsSync('/proc/net/snmp') ? test : test.skip)('an ICMP message is counted', async () => {
  const before = unreachables();
  const socket = createSocket('udp4');
  const refused = new Promise((resolve) => socket.once('error', resolve));
  const port = await closed();
  socket.connect(port, HERE, () => socket.send('anybody there?'));
  await refused;
  socket.close();
  expect(unreachables()).toBeGreaterThan(before);
});
