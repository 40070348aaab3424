import { workspaceVolumeClaim } from '../../../../src/manifests/run-objects';
import { EPHEMERAL_SUFFIX } from '../../../../src/protocol/resources';
import { OPERATOR_MANAGER, workspaceClaim } from '../../../../src/protocol/runs';
import type { Resource } from '../../kube/client';
import { admissionRefusal, hasCode, KubeError } from '../../kube/kube-error';
import type { Condition } from '../conditions';
import { Claim, claimOf, Workspace } from '../objects/workspace';
import type { OperatorDeps } from '../operator-deps';
import { isPodOver } from '../phase/pod-facts';

/** What is known of the volume of a Workspace. */
export type Volume =
  | { readonly kind: 'claim'; readonly claim: Claim }
  /** It was there and is not any more: what comes in its place is empty. */
  | { readonly kind: 'lost' }
  /** There is none, and why; it is tried again. */
  | { readonly kind: 'none'; readonly reason: NoVolume; readonly message: string };

type NoVolume = 'Refused' | 'QuotaExceeded' | 'NameTaken';

type VolumeDeps = Pick<OperatorDeps, 'world' | 'client' | 'settings'>;

/** The claim of a Workspace, made when there was none yet. */
export async function volumeOf(deps: VolumeDeps, workspace: Workspace): Promise<Volume> {
  const { namespace, name, status } = workspace;
  const kept = deps.world.claims.get(namespace, workspaceClaim(name));
  const isOwn = status.pvcName !== undefined;
  if (kept === undefined && !isOwn) return made(deps, workspace);
  if (kept !== undefined && isOwn && problemOf(workspace, kept) === undefined) return { kind: 'claim', claim: kept };
  // The operator may not know it yet, or know that of an earlier Workspace.
  const found = await read(deps, workspace);
  if (found !== undefined) return judged(workspace, found);
  return isOwn ? { kind: 'lost' } : made(deps, workspace);
}

/** Not applied: that would take over a claim which goes with another Workspace of that name, and what is on it. */
async function made(deps: VolumeDeps, workspace: Workspace): Promise<Volume> {
  const { client, world, settings: { platform } } = deps;
  const { namespace, name, spec: { storage } } = workspace;
  // Without a node it holds no claim, so that the one of its Workspace may have gone.
  const earlier = [...world.pods.of(namespace)].find((pod) => pod.workspace === name && !isPodOver(pod));
  if (earlier !== undefined) return { kind: 'none', reason: 'NameTaken', message: `pod '${earlier.name}' is of an earlier Workspace of this name and would get the volume; it is waited for until that is over` };
  try {
    const manifest = workspaceVolumeClaim({ platform, namespace, workspace }, storage);
    return { kind: 'claim', claim: claimOf(await client.create(claimsIn(namespace), manifest, { fieldManager: OPERATOR_MANAGER })) };
  } catch (error) {
    const found = hasCode(error, 'Conflict') ? await read(deps, workspace) : undefined;
    if (found !== undefined) return judged(workspace, found);
    const reason = admissionRefusal(error) === 'Quota' ? 'QuotaExceeded' : 'Refused';
    if (hasCode(error, 'Forbidden', 'Invalid')) return { kind: 'none', reason, message: saidBy(error as KubeError) };
    throw error;
  }
}

function judged(workspace: Workspace, claim: Claim): Volume {
  const message = problemOf(workspace, claim);
  return message === undefined ? { kind: 'claim', claim } : { kind: 'none', reason: 'NameTaken', message };
}

/** Why a claim is not that of the Workspace. One that nobody owns is used as it is, as somebody has put it there; but by some names it may be what a run has had alone. */
function problemOf({ uid, name: workspace }: Workspace, { name, owners }: Claim): string | undefined {
  const other = owners.find((one) => one.uid !== uid);
  if (other !== undefined) return `claim '${name}' belongs to another object, ${other.kind} '${other.name}'; it is waited for until that is gone`;
  if (owners.length > 0 || !workspace.endsWith(EPHEMERAL_SUFFIX)) return undefined;
  return `claim '${name}' belongs to no object, and by its name it is that of a run which names no Workspace; nobody finds what such a run leaves, so delete the claim`;
}

function saidBy({ statusMessage, message }: KubeError): string {
  return `the API server refuses the claim: ${statusMessage ?? message}`;
}

function read({ client }: VolumeDeps, { namespace, name }: Workspace): Promise<Claim | undefined> {
  return client.get(claimsIn(namespace), workspaceClaim(name)).then(claimOf, (error: unknown) => {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  });
}

function claimsIn(namespace: string): Resource {
  return { group: '', version: 'v1', plural: 'persistentvolumeclaims', namespace };
}

/** Whether a pod that mounts it can start, now or once a volume is made for it. */
export function isUsable(volume: Volume): boolean {
  return volume.kind === 'claim' && volume.claim.deletedAt === undefined && volume.claim.phase !== 'Lost';
}

/** The condition `PVCBound`. */
export function volumeCondition(volume: Volume, { name }: Workspace): Pick<Condition, 'status' | 'reason' | 'message'> {
  const claim = `claim '${workspaceClaim(name)}'`;
  if (volume.kind === 'lost') return { status: 'False', reason: 'Missing', message: `${claim} was deleted; another one is made, with nothing on it` };
  if (volume.kind === 'none') return { status: 'False', reason: volume.reason, message: volume.message };
  const { deletedAt, phase } = volume.claim;
  if (deletedAt !== undefined) return { status: 'False', reason: 'Terminating', message: `${claim} is being deleted; it goes when no pod uses it any more` };
  if (phase === 'Bound') return { status: 'True', reason: 'Bound', message: `${claim} has a volume` };
  if (phase === 'Lost') return { status: 'False', reason: 'Lost', message: `the volume of ${claim} is gone: create another Workspace` };
  return { status: 'False', reason: 'Pending', message: `${claim} has no volume yet; with a StorageClass that waits for the first consumer it gets one when a run starts` };
}
