import fc from 'fast-check';
import { attachment } from '../../../../sidecar/src/session/files/content-disposition';

test('a header is made of every name, without a way out of it, and the name can be read from it', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (name) => {
    const header = attachment(name);
    expect(header).toMatch(/^attachment; filename="(?:[^"\\\x00-\x1f\x7f-\uffff]|\\["\\])*"(?:; filename\*=UTF-8''[A-Za-z0-9!%_.~-]*)?$/);
    const extended = /filename\*=UTF-8''(.*)$/.exec(header)?.[1];
    const plain = /filename="((?:[^"\\]|\\.)*)"/.exec(header)![1].replace(/\\(.)/g, '$1');
    expect(extended === undefined ? plain : decodeURIComponent(extended)).toBe(name);
  }), { numRuns: 500 });
});
