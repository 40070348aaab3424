import { dirname } from 'node:path';
import type { CallerReview, ControllerCaller } from './caller';
import { accountsIn, tokensIn } from './caller-entries';
import { openTokensFile, TokensFileOptions } from '../../crypto/tokens-file';
import type { ServiceAccount } from '../../kube/reviewed-account';
import type { ReviewToll } from '../../kube/token-review';
import { fileStamp, readText } from '../../server/files/read-file';
import { openReloaded } from '../../server/files/reloaded';
import { refuse } from '../refuse';

export interface AccountsFileOptions {
  readonly file: string;
  /** Told why a changed file is not used; the callers from before it stay. */
  readonly refused: (problem: string) => void;
  readonly pollMilliseconds?: number;
}

export interface OpenCallers extends CallerReview {
  close(): void;
}

type Review = (token: string, toll?: ReviewToll) => Promise<ServiceAccount | undefined>;

const MAX_BYTES = 1024 * 1024;

/** Callers whose tokens the API server reviews; who may call is in the file. Follows changes; a file with a mistake changes nothing. */
export async function openReviewedCallers(review: Review, { file, refused, pollMilliseconds }: AccountsFileOptions): Promise<OpenCallers> {
  const accounts = await openReloaded<ReadonlyMap<string, ControllerCaller>>({
    stamp: () => fileStamp(file),
    folders: async () => [dirname(file)],
    load: async () => accountsIn(file, await readText(file, MAX_BYTES)),
    refused,
  }, pollMilliseconds);
  return {
    review: async (token, toll) => {
      const account = await review(token, toll);
      if (account === undefined) return undefined;
      const caller = accounts.current().get(`${account.namespace}/${account.name}`);
      if (caller === undefined) throw refuse('FORBIDDEN', `system:serviceaccount:${account.namespace}:${account.name} may not call the controller`);
      return caller;
    },
    close: () => accounts.close(),
  };
}

/** Callers known by a token in a file. */
export function openKnownCallers(options: Omit<TokensFileOptions<ControllerCaller>, 'parse'>): Promise<OpenCallers> {
  return openTokensFile({ ...options, parse: tokensIn });
}
