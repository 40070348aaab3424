import type { KeyObject } from 'node:crypto';
import { basic, TOKEN_USER } from './basic-credentials';
import type { PoolName, ProviderObserver } from './observer';
import { poolTokens } from './pat-list';
import type { IssueContext, PoolSlot, Provider, ProviderContext } from './provider';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import { credentialHosts } from '../../../../src/protocol/resources';
import { mac } from '../leases/keyed-mac';
import { refuse } from '../refuse';
import { LeasedSlot, SlotLeases } from '../slots/slot-lease';
import type { SlotStore } from '../slots/slot-store';
import type { Holder } from '../slots/slots';

export interface PatPoolWorld {
  readonly slots: SlotStore;
  readonly observer?: Pick<ProviderObserver, 'pool' | 'exhausted'>;
}

/** Slots are freed by runs that end, which nobody can foretell; paddock's controller asks again after as long. */
const RETRY_SECONDS = 10;

/**
 * Personal access tokens, each leased to one run at a time. Which run has which token is in a record that all brokers share;
 * the bearer says which token is meant, so an exchange needs the Secret only.
 */
export function patPool({ slots: store, observer }: PatPoolWorld): Provider {
  const leases = new SlotLeases(store);

  return {
    kind: 'PATPool',
    bearerKind: 'patpool',
    leaseTag: 'pat',

    async issue(grant, context) {
      const names = await slotNames(grant, context);
      const pool = poolOf(grant, context);
      const taken = await leases.take(names, holderOf(context), context);
      if (taken === undefined) {
        observer?.exhausted?.(pool);
        throw refuse('PoolExhausted', `credential ${grant.name} of PATPool: all ${names.length} tokens are leased`, { retryAfterSeconds: RETRY_SECONDS });
      }
      observer?.pool?.(pool, names.length, taken.leased);
      return { delivery: 'ProxyInjected', hosts: credentialHosts(grant), slot: slotOf(names, taken) };
    },

    carriers: () => [{ in: 'header', name: 'authorization' }],

    async exchange(grant, { secrets, idKey, lease }) {
      const token = (await poolTokens(grant, secrets)).find((one) => slotName(idKey, one) === lease.slot);
      // Another token of the pool is another run's: who needs one asks for the credential again.
      if (token === undefined) throw refuse('SubstituteFailed', `the token of lease ${lease.leaseId} is not in its pool any more`);
      return { setHeaders: { Authorization: basic(TOKEN_USER, token) } };
    },

    async renew(grant, context) {
      const names = await slotNames(grant, context);
      const kept = await leases.keep(names, holderOf(context), context);
      if (kept === undefined) throw refuse('SubstituteFailed', `the lease on credential ${grant.name} holds no token of its pool any more`);
      return slotOf(names, kept);
    },
  };
}

async function slotNames(grant: CredentialGrantSpec, { secrets, idKey }: ProviderContext): Promise<string[]> {
  return (await poolTokens(grant, secrets)).map((token) => slotName(idKey, token));
}

/** 128 bits of a keyed hash, so that the record tells nothing about the token. */
function slotName(idKey: KeyObject, token: string): string {
  return mac(idKey, 'pat', token).slice(0, 32);
}

function slotOf(names: readonly string[], { name }: LeasedSlot): PoolSlot {
  return { name, index: names.indexOf(name) };
}

function holderOf({ leaseId, leaseUntil, run: { namespace, name, uid } }: IssueContext): Holder {
  return { leaseId, namespace, run: name, runUid: uid, until: leaseUntil };
}

function poolOf({ provider: { secretRef } }: CredentialGrantSpec, { run: { namespace } }: IssueContext): PoolName {
  return { namespace, secret: secretRef.name, key: secretRef.key };
}
