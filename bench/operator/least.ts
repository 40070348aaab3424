/** One call that no operator can do without, given what a run promises. */
export interface LeastCall {
  readonly call: string;
  readonly times: number;
  readonly why: string;
}

/**
 * A run that names no Workspace, with one credential and a prompt of its own, whose pod ends well. Each write that another
 * has to follow only once it is in the API is one of its own; everything else could go with one of them.
 */
export const LEAST: readonly LeastCall[] = [
  {
    call: 'apply harnessruns',
    times: 9,
    why: 'finalizer on and off; status: start before credentials, leases before Secrets, pod, starting, running, end before revocation, revoked',
  },
  { call: 'create workspaces', times: 1, why: 'the Workspace of the run' },
  { call: 'apply workspaces', times: 2, why: 'turn begins, turn ends' },
  { call: 'create persistentvolumeclaims', times: 1, why: 'its volume' },
  { call: 'create networkpolicies', times: 1, why: 'the fence, before the pod' },
  { call: 'create secrets', times: 3, why: 'credentials, way out, prompt' },
  { call: 'get harnessruns', times: 1, why: 'the prompt, which is not kept' },
  { call: 'create pods', times: 1, why: 'the pod' },
];
