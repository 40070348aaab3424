import { randomBytes } from 'node:crypto';
import { accessList, isAccessListOf } from './access-list';
import { ATTEMPTS, FIELD_MANAGER } from './open-keys';
import { CertificateContext, openStoreCertificate } from './own-certificate';
import { OBJECTS, STORE_ACCESS_KEYS } from '../../../../src/protocol/objects';
import type { Entries } from '../../crypto/secret-keyring';
import { persistently } from '../../kube/back-off';
import { OwnedSecret } from '../../kube/owned-secret';
import type { OwnedEntries } from '../../kube/serving-certificate';
import { InputError } from '../../server/files/input-error';
import { inRounds } from '../../server/time/rounds';
import type { StoreSecrets } from '../../store/client';

/** How a store of the platform is reached, known without waiting for the kubelet's mounts. */
export interface StoreAccess extends Required<StoreSecrets> {
  /** Why the store cannot be reached; undefined when all is well. */
  problem(): string | undefined;
  close(): void;
}

const PASSWORD_BYTES = 32;
const PASSWORD = /^[A-Za-z0-9_-]{43}$/;

/** Others that write at the same time; each round one of them has won. */
const MAX_ROUNDS = 10;

/**
 * Makes what a store of the platform is started with, and renews it: password and access list, certificate and its
 * authority. Rejects when an object holds what no replica wrote. Whoever empties the Secret gets another password.
 */
export async function openStoreAccess(context: CertificateContext): Promise<StoreAccess> {
  const { client, namespace, wait, random, log } = context;
  const place = `Secret ${namespace}/${OBJECTS.storeAccess}`;
  const secret = new OwnedSecret(client, namespace, OBJECTS.storeAccess, FIELD_MANAGER);
  let password = await persistently(() => settled(place, secret), ATTEMPTS, wait, random);
  const certificate = await openStoreCertificate(context);
  let failure: string | undefined;
  const look = async (): Promise<void> => {
    try {
      password = await settled(place, secret);
      failure = undefined;
    } catch (err) {
      // An API server that does not answer changes nothing: the password from before is the last one known.
      failure = err instanceof InputError ? err.message : undefined;
      log.error({ err }, 'the access to the store cannot be looked after; what is known stays in use');
    }
  };
  const stops = [inRounds(() => void look(), context), certificate.follow(() => undefined, context)];
  return {
    password: () => password,
    ca: () => certificate.bundle,
    problem: () => failure ?? certificate.problem(),
    close: () => stops.forEach((stop) => stop()),
  };
}

/** The password of the Secret, which has a fitting access list by then. */
async function settled(place: string, secret: OwnedEntries): Promise<string> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const seen = await secret.read();
    const known = passwordIn(place, seen.entries);
    const password = known ?? randomBytes(PASSWORD_BYTES).toString('base64url');
    const list = accessList(password);
    if (known !== undefined && textOf(seen.entries, STORE_ACCESS_KEYS.acl) === list) return password;
    const entries = new Map([...seen.entries, [STORE_ACCESS_KEYS.password, Buffer.from(password)], [STORE_ACCESS_KEYS.acl, Buffer.from(list)]]);
    if (await secret.replace(seen, entries)) return password;
  }
  throw new Error(`${place} changes each time that it is filled`);
}

/** Undefined when there is nothing of ours yet. Throws when there is something that no replica wrote. */
function passwordIn(place: string, entries: Entries): string | undefined {
  const [password, list] = [textOf(entries, STORE_ACCESS_KEYS.password), textOf(entries, STORE_ACCESS_KEYS.acl)];
  if (password === undefined && list === undefined) return undefined;
  if (password === undefined || !PASSWORD.test(password)) {
    throw new InputError(`${place} has a ${STORE_ACCESS_KEYS.password} that the controller did not make; it is left alone. Empty the Secret to have a new one made`);
  }
  if (list !== undefined && !isAccessListOf(password, list)) {
    throw new InputError(`${place} has a ${STORE_ACCESS_KEYS.acl} that the controller did not make; it is left alone. Remove the entry to have a new one made`);
  }
  return password;
}

function textOf(entries: Entries, name: string): string | undefined {
  return entries.get(name)?.toString('utf8');
}
