import { clientAddressOf } from '../../../../sidecar/src/egress/identity/client-address';

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.2.3.4', '10.2.3.4'],
  ['::FFFF:10.2.3.4', '10.2.3.4'],
  ['fd00::1', 'fd00::1'],
  ['::ffff:a00:1', '::ffff:a00:1'],
])('%s is told to the broker as %s', (remoteAddress, told) => {
  expect(clientAddressOf({ remoteAddress })).toBe(told);
});

test('of a connection that is gone nothing is told, which no run is bound to', () => {
  expect(clientAddressOf({ remoteAddress: undefined })).toBe('');
});
