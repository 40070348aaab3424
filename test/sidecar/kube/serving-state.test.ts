import * as maker from '../../../sidecar/src/crypto/self-made-certificate';
import { bundleOf, entriesOf, renewed, ServingState, stateIn } from '../../../sidecar/src/kube/serving-state';

const DAY = 86_400_000;
const NOW = Date.UTC(2030, 0, 1);
const NAMES = ['broker', 'broker.agents.svc'];

const renewedAt = (from: ServingState | undefined, now: number) => renewed(from, { names: NAMES, now, load: async () => maker });

let state: ServingState;
beforeAll(async () => state = await renewedAt(undefined, NOW));

function changed(change: Record<string, string | undefined>): Map<string, Buffer> {
  const entries = entriesOf(state);
  for (const [name, text] of Object.entries(change)) {
    if (text === undefined) entries.delete(name);
    else entries.set(name, Buffer.from(text));
  }
  return entries;
}

test('what is written is read again, with a next and a previous CA too', async () => {
  const full = { ...state, next: await maker.makeAuthority('next', { now: NOW, notAfter: NOW + DAY }), previous: state.authority.cert };
  expect(stateIn(entriesOf(state))).toEqual(state);
  expect(stateIn(entriesOf(full))).toEqual(full);
  expect(bundleOf(full)).toBe(full.authority.cert + full.next.cert + full.previous);
});

test('an empty Secret has no state', () => {
  expect(stateIn(new Map())).toBeUndefined();
});

test('nothing changes while nothing is due', async () => {
  expect(await renewedAt(state, NOW + 59 * DAY)).toBe(state);
});

test('a next CA does not sign before it was published for a week', async () => {
  const due = NOW + 487 * DAY;
  const prepared = await renewedAt(state, due);
  expect(prepared.next).toBeDefined();
  const { serving: _, ...early } = await renewedAt({ ...prepared, serving: state.serving }, due + 6 * DAY);
  expect(early.authority).toEqual(state.authority);
  const late = await renewedAt({ ...prepared, serving: state.serving }, due + 8 * DAY);
  expect(late).toMatchObject({ authority: prepared.next, previous: state.authority.cert });
  expect(late.next).toBeUndefined();
});

test('a previous CA is forgotten once it is over', async () => {
  const brief = (await maker.makeAuthority('old', { now: NOW, notAfter: NOW + DAY })).cert;
  expect((await renewedAt({ ...state, previous: brief }, NOW + 2 * DAY)).previous).toBeUndefined();
});

describe('left alone is a Secret', () => {
  test.each<[string, () => Record<string, string | undefined>, string]>([
    ['of cert-manager', () => ({ 'ca.key': undefined }), 'has the entries ca.crt, tls.crt, tls.key, which are not those of a self-made certificate'],
    ['with an entry of somebody else', () => ({ note: 'x' }), 'has the entries ca.crt, ca.key, note, tls.crt, tls.key'],
    ['whose certificate is none', () => ({ 'tls.crt': 'nonsense' }), 'has a tls.crt that is not one certificate'],
    ['whose certificate is a chain', () => ({ 'tls.crt': state.serving.cert + state.authority.cert }), 'has a tls.crt that is not one certificate'],
    ['whose key is none', () => ({ 'tls.key': 'nonsense' }), 'has a tls.key that is not the private key of its tls.crt'],
    ['whose key is of another certificate', () => ({ 'tls.key': state.authority.key }), 'has a tls.key that is not the private key'],
    ['whose CA did not sign', () => ({ 'ca.crt': state.serving.cert, 'ca.key': state.serving.key }), 'has a tls.crt that its ca.crt did not sign'],
    ['with half of a next CA', () => ({ 'next-ca.crt': state.authority.cert }), 'has a next-ca.key that is not the private key'],
    ['with a previous CA that is none', () => ({ 'previous-ca.crt': '' }), 'has a previous-ca.crt that is not one certificate'],
  ])('%s', (_name, change, message) => {
    expect(() => stateIn(changed(change()))).toThrow(`the Secret of the serving certificate ${message}`);
  });

  test('and no message shows what is in it', () => {
    const secret = state.serving.key.split('\n')[1];
    for (const entries of [changed({ 'tls.crt': state.serving.key }), changed({ note: state.serving.key }), changed({ 'ca.crt': state.authority.key })]) {
      let shown = '';
      try {
        stateIn(entries);
      } catch (error) {
        shown = String((error as Error).stack);
      }
      expect(shown).toContain('it is left alone');
      expect(shown).not.toContain(secret);
    }
  });
});
