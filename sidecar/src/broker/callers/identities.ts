import { dirname } from 'node:path';
import type { Caller, CallerReview } from './caller';
import { identitiesIn, Identities } from './identity-entries';
import type { ServiceAccount } from '../../kube/reviewed-account';
import type { ReviewToll } from '../../kube/token-review';
import { fileStamp, readText } from '../../server/files/read-file';
import { openReloaded } from '../../server/files/reloaded';

export interface IdentitiesFileOptions {
  readonly file: string;
  /** Told why a changed file is not used; the identities from before it stay. */
  readonly refused: (problem: string) => void;
  readonly pollMilliseconds?: number;
}

/** What configured identities may do, beside what every run may do for itself. */
export interface IdentitiesFile {
  current(): Identities;
  close(): void;
}

const MAX_BYTES = 1024 * 1024;

/** Identities from a file: a JSON object, `namespace/serviceAccount` to `{"capabilities", "subjects"?}`. Follows changes; a file with a mistake changes nothing. */
export async function openIdentities({ file, refused, pollMilliseconds }: IdentitiesFileOptions): Promise<IdentitiesFile> {
  return openReloaded<Identities>({
    stamp: () => fileStamp(file),
    folders: async () => [dirname(file)],
    load: async () => identitiesIn(file, await readText(file, MAX_BYTES)),
    refused,
  }, pollMilliseconds);
}

type Review = (token: string, toll?: ReviewToll) => Promise<ServiceAccount | undefined>;

/** Callers that somebody else verifies, with what the configuration lets them do. Without one nobody may act for another. */
export function reviewedCallers(review: Review, identities: () => Identities): CallerReview {
  return {
    review: async (token, toll): Promise<Caller | undefined> => {
      const account = await review(token, toll);
      if (account === undefined) return undefined;
      const { namespace, name, podUid } = account;
      const leave = identities().get(`${namespace}/${name}`) ?? { capabilities: new Set() };
      return { namespace, serviceAccount: name, ...leave, ...(podUid === undefined ? {} : { podUid }) };
    },
  };
}
