import { cutText } from '../server/text/cut-text';
import { oneLine } from '../server/text/one-line';

/** Everything that can go wrong with a call, by what the caller does about it. */
export type KubeCode =
  | 'NotFound'
  /** Another has written since, or the name is taken. */
  | 'Conflict'
  /** The version or page that was asked for is no longer kept. */
  | 'Gone'
  | 'Forbidden'
  /** The API server does not know who we are. */
  | 'Unauthorized'
  /** The request itself is wrong; the same again will be refused again. */
  | 'Invalid'
  | 'Throttled'
  /** No answer, or one that cannot be read. */
  | 'Unavailable'
  /** The answer is longer than is read. */
  | 'TooLarge';

export interface KubeErrorOptions {
  /** Seconds that the API server wants us to wait. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
  /** `message` of the API server's Status. */
  readonly statusMessage?: string;
  readonly continue?: string;
}

/** Characters of a Status message that are kept. */
const MAX_STATUS_MESSAGE = 1024;

/** A call that failed. The text names method, path and reason: never a token, and nothing of an object. */
export class KubeError extends Error {
  readonly retryAfterSeconds: number | undefined;
  /** With `Gone`: where a list goes on that cannot be continued as it was. Its other pages are of another time. */
  readonly continue: string | undefined;
  /** Private, so that nothing that prints errors finds it. */
  readonly #statusMessage: string | undefined;

  constructor(readonly code: KubeCode, message: string, { retryAfterSeconds, cause, statusMessage, continue: next }: KubeErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'KubeError';
    this.retryAfterSeconds = retryAfterSeconds;
    this.continue = next;
    this.#statusMessage = statusMessage === undefined ? undefined : cutText(oneLine(statusMessage), MAX_STATUS_MESSAGE);
  }

  /** What the API server says about it, on one line. It may quote the object, so it is for the status of that object alone, and never for a log. */
  get statusMessage(): string | undefined {
    return this.#statusMessage;
  }
}

export function hasCode(error: unknown, ...codes: readonly KubeCode[]): boolean {
  return error instanceof KubeError && codes.includes(error.code);
}

const CODES: Readonly<Record<number, KubeCode>> = {
  401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound', 409: 'Conflict', 410: 'Gone', 413: 'TooLarge', 429: 'Throttled',
};

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#api-responses */
export function codeOfStatus(status: number): KubeCode {
  return CODES[status] ?? (status >= 400 && status < 500 ? 'Invalid' : 'Unavailable');
}

/** Who refuses to make an object: the quota of its namespace, Pod Security, or a policy or webhook of the cluster. */
export type AdmissionRefusal = 'Quota' | 'PodSecurity' | 'Policy';

/** The controllers tell of themselves in the message alone, whose beginning is that of every refusal and names the object. */
const ADMISSION_TEXTS: readonly (readonly [AdmissionRefusal, RegExp])[] = [
  ['Quota', / is forbidden: (exceeded|failed) quota: /],
  ['PodSecurity', / is forbidden: violates PodSecurity /],
  ['Policy', /(^|: )(ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request|admission webhook "[^"]*" denied the request)/],
];

/** Undefined when it was refused by something else. https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/ */
export function admissionRefusal(error: unknown): AdmissionRefusal | undefined {
  if (!(error instanceof KubeError) || error.statusMessage === undefined) return undefined;
  const { statusMessage } = error;
  return ADMISSION_TEXTS.find(([, text]) => text.test(statusMessage))?.[0];
}
