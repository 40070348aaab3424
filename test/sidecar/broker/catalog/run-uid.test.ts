import { runUid, uuidV5 } from '../../../../sidecar/src/broker/catalog/run-uid';

test('a UUIDv5 is that of the example in the RFC', () => {
  // https://www.rfc-editor.org/rfc/rfc9562#appendix-A.4
  expect(uuidV5(Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex'), 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

test('the UID of a run never changes: bearers name it', () => {
  expect(runUid('team-a', 'r1')).toBe('cc5bef76-5378-53bc-be3f-932ec52cba96');
});
