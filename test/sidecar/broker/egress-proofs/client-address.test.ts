import * as fc from 'fast-check';
import { isSameAddress } from '../../../../sidecar/src/broker/egress-proofs/client-address';

test.each([
  ['10.0.0.7', '10.0.0.7'],
  ['10.0.0.7', '::ffff:10.0.0.7'],
  ['10.0.0.7', '::FFFF:0a00:0007'],
  ['fd00::7', 'fd00:0:0:0:0:0:0:7'],
  ['FD00::A', 'fd00::a'],
])('%s is %s', (one, other) => {
  expect(isSameAddress(one, other)).toBe(true);
  expect(isSameAddress(other, one)).toBe(true);
});

test.each([
  ['10.0.0.7', '10.0.0.70'],
  ['10.0.0.7', '::10.0.0.7'],
  ['10.0.0.7', '010.0.0.7'],
  ['10.0.0.7', ' 10.0.0.7'],
  ['10.0.0.7', '10.0.0.7:443'],
  ['fe80::1', 'fe80::1%eth0'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['', ''],
  ['x', 'x'],
])('%j is not %j', (one, other) => {
  expect(isSameAddress(one, other)).toBe(false);
});

test('every address is itself, and no text that is none is anything', () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => isSameAddress(address, address)));
  fc.assert(fc.property(fc.string(), fc.ipV4(), (text, address) => text === address || !isSameAddress(text, address)));
});
