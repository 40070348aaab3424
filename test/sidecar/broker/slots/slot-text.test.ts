import { holderOf, POOL } from './facts';
import { parseSlots, renderSlots } from '../../../../sidecar/src/broker/slots/slot-text';
import type { Slots } from '../../../../sidecar/src/broker/slots/slots';
import { T0 } from '../example-grants';

const SLOTS: Slots = new Map([[POOL[0], { usedAt: T0, holder: holderOf('r1') }], [POOL[1], { usedAt: T0 - 1 }]]);

describe('the text of a record', () => {
  test('is read as it was written', () => {
    expect(parseSlots(renderSlots(SLOTS))).toEqual(SLOTS);
    expect(renderSlots(new Map([...SLOTS].reverse()))).toBe(renderSlots(SLOTS));
  });

  const slot = (value: unknown) => JSON.stringify({ v: 1, slots: { [POOL[0]]: value } });
  test.each<[string, string]>([
    ['no JSON', 'slots'],
    ['empty', ''],
    ['a list', '[]'],
    ['of another version', '{"v":2,"slots":{}}'],
    ['without slots', '{"v":1}'],
    ['with a name of another kind', '{"v":1,"slots":{"0":{"usedAt":1}}}'],
    ['without a time', slot({})],
    ['with a time that is none', slot({ usedAt: '1' })],
    ['with a holder that is none', slot({ usedAt: 1, holder: 'r1' })],
    ['with a holder without end', slot({ usedAt: 1, holder: { ...holderOf('r1'), until: undefined } })],
    ['with a holder without lease', slot({ usedAt: 1, holder: { ...holderOf('r1'), leaseId: '' } })],
  ])('that is %s is refused: read as free, a slot would be leased twice', (_, text) => {
    expect(() => parseSlots(text)).toThrow();
  });
});
