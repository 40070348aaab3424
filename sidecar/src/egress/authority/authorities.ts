import { Authority, newAuthority, parseAuthority, renderAuthority } from './authority';
import { LONGEST_SESSION } from '../../../../src/protocol/session-record';
import type { LoadMaker } from '../../crypto/certificate-facts';
import type { Entries } from '../../crypto/secret-keyring';
import { KeyKind, SharedKeys, SharedKeysOptions } from '../../crypto/shared-keys';

const DAY = 24 * 60 * 60 * 1000;

/**
 * Milliseconds for which a CA is published before it signs. A program reads the bundle once, when it starts, and has a way
 * out for as long as the token in its environment is valid, which no session outlives. The day is for the kubelet, for
 * clocks that differ, and for a namespace that cannot be written for a while.
 */
export const SIGNS_AFTER = LONGEST_SESSION + DAY;

/** Age at which a CA is followed by the next. */
export const ROTATE_AFTER = 90 * DAY;

/** Validity of what a CA signs; the CA stays in the bundle for as long after its last signature. */
export const LEAF_LIFETIME = 7 * DAY;

/** The CAs of the platform, oldest first; all are published, one of them signs. */
export type Authorities<C extends { readonly entries: Entries }> = SharedKeys<Authority, C>;

/** Rejects when the place cannot be read, or has anything else in it: that may be somebody's only copy. */
export function openAuthorities<C extends { readonly entries: Entries }>(load: LoadMaker, options: SharedKeysOptions<C>): Promise<Authorities<C>> {
  return SharedKeys.open(kindOf(load), options);
}

function kindOf(load: LoadMaker): KeyKind<Authority> {
  return {
    called: 'CAs of the egress proxy',
    stem: 'ca',
    signsAfter: SIGNS_AFTER,
    rotateAfter: ROTATE_AFTER,
    longestUse: LEAF_LIFETIME,
    mayStay: () => false,
    make: (now) => newAuthority(now, load),
    render: renderAuthority,
    parse: parseAuthority,
  };
}
