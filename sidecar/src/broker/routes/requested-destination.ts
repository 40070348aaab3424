import { Destination, destinationOf } from '../grants/destination';
import { refuse } from '../refuse';

/** The destination that a request names, in its one spelling. */
export function requestedDestination({ host, port }: Destination): Destination {
  const destination = destinationOf(host, port);
  if (destination === undefined) {
    throw refuse('BadRequest', 'host must be the name of a host outside the cluster, in ASCII, without port; no address, no wildcard');
  }
  return destination;
}
