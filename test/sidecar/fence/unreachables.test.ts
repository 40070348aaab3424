import fc from 'fast-check';
import { ofIpv4, ofIpv6, unreachables } from '../../../sidecar/src/fence/unreachables';

const IPV4 = ['Ip: Forwarding DefaultTTL', 'Ip: 1 64', 'Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds', 'Icmp: 51 2 0 47 1', 'IcmpMsg: InType3 OutType3', 'IcmpMsg: 47 4', ''].join('\n');
const IPV6 = 'Ip6InReceives                   \t139\nIcmp6InMsgs                     \t5\nIcmp6InDestUnreachs             \t3\nIcmp6OutDestUnreachs            \t9\n';

test('the kernel counts messages of both families', () => {
  expect([ofIpv4(IPV4), ofIpv6(IPV6)]).toEqual([47, 3]);
});

test.each(['', 'Icmp: InMsgs InDestUnreachs', 'Icmp: InMsgs\nIcmp: 51', 'Icmp: InDestUnreachs\nIcmp: many', 'Icmp: InDestUnreachs\nIcmp:'])('nothing is counted where nothing is told: %j', (text) => {
  expect([ofIpv4(text), ofIpv6(text)]).toEqual([0, 0]);
});

test('no text makes it anything but a number', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (one, other) => {
    const text = `Icmp: ${one}InDestUnreachs\nIcmp: ${other}`;
    expect([ofIpv4(text), ofIpv6(other)].every((count) => Number.isSafeInteger(count) && count >= 0)).toBe(true);
  }));
});

test('the counters of this machine can be read', () => {
  expect(unreachables()).toBeGreaterThanOrEqual(0);
});
