import { shortfallMessage, shortfallSummary } from './shortfall';
import { NamedPolicy, policiesFor, unmetRequirements } from '../../../../../src/protocol/policy';
import type { RunTemplate } from '../../../../../src/protocol/run-template';
import { equal } from '../../../../../src/protocol/schema/equal';

/** What policies say to what a template requires. */
export interface Granting {
  /** Which of them grant it, or else which policy would. */
  readonly message: string;
  /** One sentence about what is not granted; undefined when everything is. */
  readonly shortfall?: string;
}

interface Asked {
  readonly namespace: string;
  readonly template: RunTemplate;
}

interface Remembered extends Asked {
  readonly granting: Granting;
}

/** For as long as a list of policies and a template are kept; each change of one makes another object. */
const remembered = new WeakMap<readonly NamedPolicy[], WeakMap<object, Remembered>>();

/**
 * What the policies of a namespace say to a template. Many runs may wait with the same template, and this is most of what
 * there is to reckon for each. `kept` is the template as it is kept, without its base.
 */
export function grantingOf(policies: readonly NamedPolicy[], kept: object, asked: Asked): Granting {
  const known = remembered.get(policies)?.get(kept);
  if (known !== undefined && isSame(known, asked)) return known.granting;
  const granting = reckoned(policies, asked);
  remembered.set(policies, (remembered.get(policies) ?? new WeakMap<object, Remembered>()).set(kept, { ...asked, granting }));
  return granting;
}

/** A template is merged with its base anew each time, and another base requires something else. */
function isSame(known: Asked, asked: Asked): boolean {
  const { identity, spec: { requires } } = asked.template;
  const before = known.template.spec.requires;
  return known.namespace === asked.namespace && equal(known.template.identity, identity) && (before === requires || equal(before, requires));
}

function reckoned(policies: readonly NamedPolicy[], { namespace, template }: Asked): Granting {
  const granting = policiesFor(policies, template.identity);
  const applying = namesOf(granting);
  const unmet = unmetRequirements(template.spec.requires, granting);
  if (unmet.credentials.length === 0 && unmet.egress.length === 0) {
    return { message: applying.length === 0 ? 'the template requires nothing' : `policies that apply: ${applying.join(', ')}` };
  }
  const shortfall = { namespace, template, unmet, applying, present: namesOf(policies) };
  return { message: shortfallMessage(shortfall), shortfall: shortfallSummary(shortfall) };
}

function namesOf(policies: readonly NamedPolicy[]): string[] {
  return policies.map(({ name }) => name);
}
