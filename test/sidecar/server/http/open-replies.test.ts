import fc from 'fast-check';
import type { FastifyReply } from 'fastify';
import { OpenReplies } from '../../../../sidecar/src/server/http/open-replies';

const reply = (): FastifyReply => ({ place: undefined }) as FastifyReply;

test('whoever is taken out in whatever order, the others stay in the order in which they came', () => {
  const steps = fc.array(fc.record({ adds: fc.boolean(), at: fc.nat() }), { maxLength: 60 });
  fc.assert(fc.property(steps, (taken) => {
    const [open, model] = [new OpenReplies(), [] as FastifyReply[]];
    taken.forEach(({ adds, at }, since) => {
      if (adds || model.length === 0) {
        const added = reply();
        open.add(added, since);
        model.push(added);
      } else {
        open.remove(model.splice(at % model.length, 1)[0]);
      }
      expect(open.all().map((one) => one.reply)).toEqual(model);
    });
    const times = open.all().map(({ since }) => since);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  }));
});

test('one that was taken out leads to nobody, so it keeps nobody in memory', () => {
  const open = new OpenReplies();
  const [first, second, third] = [reply(), reply(), reply()];
  [first, second, third].forEach((one, since) => open.add(one, since));
  const { place } = second;
  open.remove(second);
  expect(place).toMatchObject({ before: undefined, after: undefined });
  expect(second.place).toBeUndefined();
  expect(open.all().map((one) => one.reply)).toEqual([first, third]);
});

test('one that is not there changes nothing, also when it was there before', () => {
  const open = new OpenReplies();
  const [first, second] = [reply(), reply()];
  open.add(first, 1);
  open.add(second, 2);
  open.remove(first);
  open.remove(first);
  open.remove(reply());
  expect(open.all().map((one) => one.reply)).toEqual([second]);
});
