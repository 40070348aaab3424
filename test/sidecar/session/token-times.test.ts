import fc from 'fast-check';
import { tokenTimes } from '../../../sidecar/src/session/token-times';

const NOW = 1_800_000_000;
const LONGEST = 120;

const span = fc.integer({ min: -400, max: 400 });
const optional = fc.option(span.map((seconds) => NOW + seconds), { nil: undefined });

test('a token is good exactly while iat and nbf are less than a minute ahead, exp less than a minute ago, and its life not too long', () => {
  fc.assert(fc.property(span, optional, optional, (left, iat, nbf) => {
    const exp = NOW + left;
    const made = iat ?? NOW;
    const isGood = made - NOW <= 60 && (nbf ?? NOW) - NOW <= 60 && NOW - exp < 60 && exp - made <= LONGEST && (iat === undefined || exp > iat);
    const times = tokenTimes({ exp, iat, nbf }, NOW, LONGEST);
    expect(typeof times === 'object').toBe(isGood);
  }), { numRuns: 500 });
});

test('a token that is good is over a minute after exp, and refused from then on', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: LONGEST }), (life) => {
    const times = tokenTimes({ iat: NOW, exp: NOW + life }, NOW, LONGEST) as { over: number };
    expect(times).toEqual({ over: NOW + life + 60 });
    expect(tokenTimes({ iat: NOW, exp: NOW + life }, times.over, LONGEST)).toBe('the token has expired');
    expect(tokenTimes({ iat: NOW, exp: NOW + life }, times.over - 0.001, LONGEST)).toEqual(times);
  }));
});

test.each(['exp', 'iat', 'nbf'])('%s that is no time is refused', (claim) => {
  for (const value of ['1', null, NaN, Infinity, -1, [NOW], {}, true]) {
    expect(tokenTimes({ exp: NOW + 60, iat: NOW, nbf: NOW, [claim]: value }, NOW, LONGEST)).toBe(`${claim} must be a time in seconds`);
  }
});
