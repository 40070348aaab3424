/** What one round has shown. */
export type Finding =
  /** Nobody has said yet where the proxy is, or what is said is no address. */
  | { readonly kind: 'no-address'; readonly because: string }
  /** The proxy does not answer, so that silence of the fence means nothing. */
  | { readonly kind: 'no-proxy'; readonly host: string; readonly because: string }
  /** The proxy answers, and packets reach the fence too. */
  | { readonly kind: 'open'; readonly host: string; readonly because: string }
  /** The proxy answers before and after, and the fence does not. */
  | { readonly kind: 'closed'; readonly host: string };

/** How far the wait for the NetworkPolicy is. */
export interface Progress {
  /** Rounds in a row that found the fence of this host closed. */
  readonly closed: number;
  readonly last: Finding;
}

/** Rounds that have to find the fence closed, one after the other: a lost packet looks like a denial. */
export const NEEDED = 3;

export const START: Progress = { closed: 0, last: { kind: 'no-address', because: 'nothing was tried' } };

/** What counts after another round. */
export function advanced({ closed, last }: Progress, finding: Finding): Progress {
  if (finding.kind !== 'closed') return { closed: 0, last: finding };
  const goesOn = last.kind === 'closed' && last.host === finding.host;
  return { closed: goesOn ? closed + 1 : 1, last: finding };
}

/** Whether the policy holds. */
export function holds({ closed }: Progress): boolean {
  return closed >= NEEDED;
}

/** Whether there is another round when the time is over: what has begun to be closed may show that it stays so. */
export function goesOnLate({ closed }: Progress): boolean {
  return closed > 0;
}

/** Why the pod does not start, for whoever reads its status. */
export function failureOf({ last }: Progress, seconds: number): string {
  switch (last.kind) {
    case 'no-address':
      return `the address of the egress proxy is not known after ${seconds} s: ${last.because}; is the proxy deployed, and does it serve this namespace?`;
    case 'no-proxy':
      return `the proxy at ${last.host} does not answer, for ${seconds} s: ${last.because}; is it ready, and does a policy let this pod reach it?`;
    case 'open':
      return `the network policy of this pod is not enforced after ${seconds} s: ${last.because}; does the network plugin of the cluster enforce NetworkPolicies?`;
    case 'closed':
      return `the network policy of this pod has not held for long enough after ${seconds} s`;
  }
}
