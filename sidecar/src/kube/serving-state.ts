import { randomBytes } from 'node:crypto';
import { CertifiedKey, factsOf, isPair, isSignedBy, LoadMaker } from '../crypto/certificate-facts';

/** What the Secret of a self-made certificate holds. */
export interface ServingState {
  readonly serving: CertifiedKey;
  /** The CA that signed it. */
  readonly authority: CertifiedKey;
  /** The CA that takes over, published ahead so that every client knows it by then. */
  readonly next?: CertifiedKey;
  /** Certificate of the CA before, for who still uses what it signed. */
  readonly previous?: string;
}

type Entries = ReadonlyMap<string, Buffer>;

const DAY = 24 * 60 * 60 * 1000;
const SERVING_LIFETIME = 90 * DAY;
const AUTHORITY_LIFETIME = 730 * DAY;

/** Time that a CA is published before it signs: clients read the bundle again long before. */
const PUBLISHED_AHEAD = 7 * DAY;

const REQUIRED = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'];
const OPTIONAL = ['next-ca.crt', 'next-ca.key', 'previous-ca.crt'];

/** The Secret holds something that is not of the role, or is damaged. It is left as it is. */
export class ForeignSecretError extends Error {
  constructor(problem: string) {
    super(`the Secret of the serving certificate ${problem}; it is left alone. Empty it to have a new certificate made, or name it as an existing Secret`);
    this.name = 'ForeignSecretError';
  }
}

/** Reads the Secret; undefined when it is empty. What the role did not write is refused, and no message quotes it. */
export function stateIn(entries: Entries): ServingState | undefined {
  if (entries.size === 0) return undefined;
  const names = [...entries.keys()];
  const missing = REQUIRED.filter((name) => !entries.has(name));
  const foreign = names.filter((name) => !REQUIRED.includes(name) && !OPTIONAL.includes(name));
  if (missing.length > 0 || foreign.length > 0) throw new ForeignSecretError(`has the entries ${names.sort().join(', ')}, which are not those of a self-made certificate`);
  const pair = (cert: string, key: string): CertifiedKey => checkedPair(entries, cert, key);
  const state: ServingState = {
    serving: pair('tls.crt', 'tls.key'),
    authority: pair('ca.crt', 'ca.key'),
    ...((entries.has('next-ca.crt') || entries.has('next-ca.key')) && { next: pair('next-ca.crt', 'next-ca.key') }),
    ...(entries.has('previous-ca.crt') && { previous: checkedCertificate(entries, 'previous-ca.crt') }),
  };
  if (!isSignedBy(state.serving.cert, state.authority.cert)) throw new ForeignSecretError('has a tls.crt that its ca.crt did not sign');
  return state;
}

/** The Secret that holds the state. */
export function entriesOf({ serving, authority, next, previous }: ServingState): Map<string, Buffer> {
  const texts: Record<string, string | undefined> = {
    'tls.crt': serving.cert,
    'tls.key': serving.key,
    'ca.crt': authority.cert,
    'ca.key': authority.key,
    'next-ca.crt': next?.cert,
    'next-ca.key': next?.key,
    'previous-ca.crt': previous,
  };
  return new Map(Object.entries(texts).flatMap(([name, text]) => text === undefined ? [] : [[name, Buffer.from(text)] as const]));
}

/** What clients trust: every CA that signed what is served, or will. */
export function bundleOf({ authority, next, previous }: ServingState): string {
  return [authority.cert, next?.cert, previous].filter((cert) => cert !== undefined).join('');
}

/** Whose certificate is made, and when. */
export interface Making {
  readonly names: readonly string[];
  readonly now: number;
  readonly load: LoadMaker;
}

/** The state as it should be now; the same object when nothing is due. */
export async function renewed(state: ServingState | undefined, making: Making): Promise<ServingState> {
  const { names, now } = making;
  if (state === undefined || isOver(state.authority.cert, now)) return withServing({ authority: state?.next ?? await newAuthority(making) }, making);
  const prepared = await withNext(withoutOver(state, now), making);
  if (!isDue(state.serving.cert, now) && sameNames(factsOf(state.serving.cert).names, names)) return prepared;
  const promoted = isPublishedLongEnough(prepared.next, now) ? { authority: prepared.next!, previous: prepared.authority.cert } : prepared;
  return withServing(promoted, making);
}

async function withServing(state: Omit<ServingState, 'serving'>, making: Making): Promise<ServingState> {
  const { names, now, load } = making;
  const authority = isOver(state.authority.cert, now) ? await newAuthority(making) : state.authority;
  return { ...state, authority, serving: await (await load()).makeServingPair(authority, names, { now, notAfter: now + SERVING_LIFETIME }) };
}

async function withNext(state: ServingState, making: Making): Promise<ServingState> {
  return state.next !== undefined || !isDue(state.authority.cert, making.now) ? state : { ...state, next: await newAuthority(making) };
}

function withoutOver(state: ServingState, now: number): ServingState {
  if (state.previous === undefined || !isOver(state.previous, now)) return state;
  const { previous: _, ...rest } = state;
  return rest;
}

/** Each with a name of its own, so that no client takes one for the other. */
async function newAuthority({ now, load }: Making): Promise<CertifiedKey> {
  const name = `agent platform CA ${randomBytes(4).toString('hex')}`;
  return (await load()).makeAuthority(name, { now, notAfter: now + AUTHORITY_LIFETIME });
}

/** Two thirds of the time are over. */
function isDue(cert: string, now: number): boolean {
  const { notBefore, notAfter } = factsOf(cert);
  return now >= notBefore + (notAfter - notBefore) * 2 / 3;
}

function isOver(cert: string, now: number): boolean {
  return now >= factsOf(cert).notAfter;
}

function isPublishedLongEnough(next: CertifiedKey | undefined, now: number): boolean {
  return next !== undefined && now >= factsOf(next.cert).notBefore + PUBLISHED_AHEAD;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());
}

function checkedPair(entries: Entries, certName: string, keyName: string): CertifiedKey {
  const pair = { cert: checkedCertificate(entries, certName), key: String(entries.get(keyName)) };
  if (!holds(() => isPair(pair))) throw new ForeignSecretError(`has a ${keyName} that is not the private key of its ${certName}`);
  return pair;
}

function checkedCertificate(entries: Entries, name: string): string {
  const cert = String(entries.get(name));
  if (!holds(() => factsOf(cert).notAfter > 0)) throw new ForeignSecretError(`has a ${name} that is not one certificate`);
  return cert;
}

function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
