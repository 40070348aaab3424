import { dirname } from 'node:path';
import type { Caller, CallerReview } from './caller';
import { fileStamp, readText } from './catalog/folder';
import { capabilitiesIn, Identities } from './catalog/identity-entries';
import { openReloaded } from './catalog/reloaded';
import type { ServiceAccount } from '../kube/reviewed-account';

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

/** Capabilities by identity, from a file: a JSON object, `namespace/serviceAccount` to `{"capabilities"}`. Follows changes; a file with a mistake changes nothing. */
export async function openIdentities({ file, refused, pollMilliseconds }: IdentitiesFileOptions): Promise<IdentitiesFile> {
  return openReloaded<Identities>({
    stamp: () => fileStamp(file),
    folders: async () => [dirname(file)],
    load: async () => capabilitiesIn(file, await readText(file, MAX_BYTES)),
    refused,
  }, pollMilliseconds);
}

/** Callers that somebody else verifies, with what the configuration lets them do. Without one nobody may act for another. */
export function reviewedCallers(review: (token: string) => Promise<ServiceAccount | undefined>, identities: () => Identities): CallerReview {
  return {
    review: async (token): Promise<Caller | undefined> => {
      const account = await review(token);
      if (account === undefined) return undefined;
      const { namespace, name, podUid } = account;
      const capabilities = identities().get(`${namespace}/${name}`) ?? new Set();
      return { namespace, serviceAccount: name, capabilities, ...(podUid === undefined ? {} : { podUid }) };
    },
  };
}
