import { EventEmitter } from 'node:events';
import { Pipelined } from '../../../../sidecar/src/egress/listeners/pipelined';

test('a connection has so many requests open at once, and one more when another was answered', () => {
  const pipelined = new Pipelined();
  const socket = {} as never;
  const responses = Array.from({ length: 16 }, () => new EventEmitter());
  for (const response of responses) expect(pipelined.takes(socket, response as never)).toBe(true);
  expect(pipelined.takes(socket, new EventEmitter() as never)).toBe(false);
  responses[3].emit('close');
  expect(pipelined.takes(socket, new EventEmitter() as never)).toBe(true);
  expect(pipelined.takes(socket, new EventEmitter() as never)).toBe(false);
});

test('other connections have their own', () => {
  const pipelined = new Pipelined();
  const one = {} as never;
  for (let request = 0; request < 17; request += 1) pipelined.takes(one, new EventEmitter() as never);
  expect(pipelined.takes({} as never, new EventEmitter() as never)).toBe(true);
});
