import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { linesOf } from '../../../sidecar/src/kube/lines';

const CALL = { method: 'GET', path: '/api/v1/pods' } as const;

test('an answer that falls silent ends, with the lines that came before', async () => {
  const answer = new PassThrough();
  answer.write('one\ntwo\nhalf of');
  const seen: string[] = [];
  for await (const line of linesOf(CALL, answer as unknown as IncomingMessage, 30)) seen.push(line);
  expect([seen, answer.destroyed]).toEqual([['one', 'two'], true]);
});

test('an answer that goes on is not silent, however long it takes', async () => {
  const answer = new PassThrough();
  const seen: string[] = [];
  const ticking = setInterval(() => answer.write('.\n'), 20);
  for await (const line of linesOf(CALL, answer as unknown as IncomingMessage, 2_000)) {
    if (seen.push(line) === 5) answer.end();
    if (seen.length === 5) clearInterval(ticking);
  }
  expect(seen).toEqual(Array(5).fill('.'));
});
