import type { Said } from './write';
import { BrokerPolicySpec, discoveryActive, MAX_DISCOVERY_MILLISECONDS } from '../../../../src/protocol/resources';
import type { Again } from '../operator-deps';

/** What is said of the discovery window of a policy. */
export interface DiscoveryWindow {
  readonly active: Said;
  readonly expired: Said;
  /** Milliseconds until something else is to be said. */
  readonly again: Again;
}

const DAY = 24 * 60 * 60 * 1000;

/** Discovery of a policy at `now`, in milliseconds since 1970. */
export function discoveryOf(spec: Pick<BrokerPolicySpec, 'egressDiscovery'>, now: number): DiscoveryWindow {
  if (spec.egressDiscovery === undefined) return { active: no('NotRequested', ''), expired: no('NotRequested', ''), again: undefined };
  const { expiresAt } = spec.egressDiscovery;
  const left = Date.parse(expiresAt) - now;
  if (discoveryActive(spec, now)) {
    const message = `until ${expiresAt} connections that no grant covers are allowed and recorded`;
    return { active: yes('Active', message), expired: no('Active', message), again: within(left) };
  }
  if (left <= 0) {
    const message = `the window ended at ${expiresAt}: take egressDiscovery away, or give it a later expiresAt`;
    return { active: no('Expired', message), expired: yes('Expired', message), again: undefined };
  }
  const message = `expiresAt, ${expiresAt}, is more than ${MAX_DISCOVERY_MILLISECONDS / DAY} days ahead: the window is not open before that`;
  return { active: no('TooFarAhead', message), expired: no('TooFarAhead', message), again: within(left - MAX_DISCOVERY_MILLISECONDS) };
}

/** Timers hold less than a month. */
function within(milliseconds: number): number {
  return Math.min(milliseconds, DAY);
}

function yes(reason: string, message: string): Said {
  return { status: 'True', reason, message };
}

function no(reason: string, message: string): Said {
  return { status: 'False', reason, message };
}
