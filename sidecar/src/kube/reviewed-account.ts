import { isFields } from '../server/text/fields';
/** A ServiceAccount, as the API server has verified it. */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
  /** The pod that the token is bound to. */
  readonly podUid?: string;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens */
const POD_UID = 'authentication.kubernetes.io/pod-uid';

const USERNAME = /^system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})$/;

/** The ServiceAccount of a review's status; undefined for any other user, or when the token is for somebody else. */
export function serviceAccountOf(status: unknown, audience: string): ServiceAccount | undefined {
  if (!isFields(status) || status.authenticated !== true || !isFields(status.user)) return undefined;
  // An API server that does not know audiences answers without them, and has checked nothing.
  if (!Array.isArray(status.audiences) || !status.audiences.includes(audience)) return undefined;
  const { username, extra } = status.user;
  const [, namespace, name] = typeof username === 'string' ? USERNAME.exec(username) ?? [] : [];
  if (namespace === undefined || name === undefined) return undefined;
  const uids: unknown = isFields(extra) ? extra[POD_UID] : undefined;
  const podUid: unknown = Array.isArray(uids) && uids.length === 1 ? uids[0] : undefined;
  return { namespace, name, ...(typeof podUid === 'string' && podUid !== '' ? { podUid } : {}) };
}
