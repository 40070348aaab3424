import { EventEmitter } from 'node:events';
import { HeldBodies } from '../../../../sidecar/src/egress/aws/held-bodies';

test('bodies take room up to the last byte, and give it back when their answers are closed', () => {
  const bodies = new HeldBodies(10);
  const answers = [new EventEmitter(), new EventEmitter()];
  const [first, second] = answers.map((answer) => bodies.until(answer));
  first(4);
  first(2);
  second(4);
  expect(() => second(1)).toThrow('too many bodies');
  answers[0].emit('close');
  second(6);
  expect(() => second(1)).toThrow('too many bodies');
  answers[1].emit('close');
  bodies.until(new EventEmitter())(10);
});

test('what is refused takes no room, and is told when to come back', () => {
  const bodies = new HeldBodies(10);
  const hold = bodies.until(new EventEmitter());
  hold(8);
  expect(() => hold(3)).toThrow(expect.objectContaining({ code: 'SERVER_OVERLOADED', status: 503, headers: { 'retry-after': '1' } }));
  hold(2);
});

test('a body of which more comes when its answer is closed already takes no room', () => {
  const bodies = new HeldBodies(10);
  const answer = new EventEmitter();
  const hold = bodies.until(answer);
  answer.emit('close');
  hold(10);
  bodies.until(new EventEmitter())(10);
});
