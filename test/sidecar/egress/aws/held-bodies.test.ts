import { EventEmitter } from 'node:events';
import { HeldBodies } from '../../../../sidecar/src/egress/aws/held-bodies';

test('bodies take room up to the last byte, and give it back when their answers are closed', () => {
  const bodies = new HeldBodies(10);
  const answers = [1, 2, 3, 4, 5].map(() => new EventEmitter());
  const holds = answers.map((answer, run) => bodies.until(answer, `run ${run}`));
  holds.forEach((hold) => hold(2));
  expect(() => bodies.until(new EventEmitter(), 'another')(1)).toThrow('too many bodies');
  answers[0].emit('close');
  bodies.until(new EventEmitter(), 'another')(2);
  expect(() => bodies.until(new EventEmitter(), 'a third')(1)).toThrow('too many bodies');
});

test('a run has a quarter of it, however many bodies it sends, and leaves the rest to others', () => {
  const bodies = new HeldBodies(8);
  const answer = new EventEmitter();
  bodies.until(answer, 'greedy')(1);
  bodies.until(new EventEmitter(), 'greedy')(1);
  expect(() => bodies.until(new EventEmitter(), 'greedy')(1)).toThrow('too many bodies');
  bodies.until(new EventEmitter(), 'another')(2);
  answer.emit('close');
  bodies.until(new EventEmitter(), 'greedy')(1);
});

test('what is refused takes no room, and is told when to come back', () => {
  const bodies = new HeldBodies(40);
  const hold = bodies.until(new EventEmitter(), 'run');
  hold(8);
  expect(() => hold(3)).toThrow(expect.objectContaining({ code: 'SERVER_OVERLOADED', status: 503, headers: { 'retry-after': '1' } }));
  hold(2);
});

test('a body of which more comes when its answer is closed already takes no room', () => {
  const bodies = new HeldBodies(40);
  const answer = new EventEmitter();
  const hold = bodies.until(answer, 'run');
  answer.emit('close');
  hold(10);
  bodies.until(new EventEmitter(), 'run')(10);
});
