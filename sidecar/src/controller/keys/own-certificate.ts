import { ATTEMPTS, FIELD_MANAGER, OwnObjectsContext } from './open-keys';
import { OBJECTS } from '../../../../src/protocol/objects';
import type { LoadMaker } from '../../crypto/certificate-facts';
import { persistently } from '../../kube/back-off';
import { ownedConfigMap } from '../../kube/owned-config-map';
import { OwnedSecret } from '../../kube/owned-secret';
import { ServingCertificate, serviceNames } from '../../kube/serving-certificate';

export interface CertificateContext extends OwnObjectsContext {
  readonly load: LoadMaker;
}

/** The certificate that the controller serves with; the replicas share it. */
export function openControllerCertificate(context: CertificateContext): Promise<ServingCertificate> {
  return ownCertificate(context, OBJECTS.controllerTls, OBJECTS.controllerCa, serviceNames(context.namespace, OBJECTS.controller));
}

/** That of a store of the platform, which only mounts it. */
export function openStoreCertificate(context: CertificateContext): Promise<ServingCertificate> {
  return ownCertificate(context, OBJECTS.storeTls, OBJECTS.storeCa, serviceNames(context.namespace, OBJECTS.store, OBJECTS.storeHeadless));
}

function ownCertificate(context: CertificateContext, secret: string, bundle: string, names: readonly string[]): Promise<ServingCertificate> {
  const { client, namespace, clock, wait, random, log, load } = context;
  return persistently(() => ServingCertificate.open({
    secret: new OwnedSecret(client, namespace, secret, FIELD_MANAGER),
    bundle: ownedConfigMap(client, namespace, bundle, FIELD_MANAGER),
    names,
    load,
    clock,
    log,
  }), ATTEMPTS, wait, random);
}
