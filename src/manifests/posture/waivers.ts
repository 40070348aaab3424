import { EmittedObject, sortedBy } from './emitted';
import { ANNOTATIONS } from '../../protocol/names';
import { PostureWaiver } from '../../protocol/posture';

/** What somebody let pass anywhere in the app, with the reasons: Pod Security findings, and policies that no proof can read. */
export function postureWaivers(objects: readonly EmittedObject[]): PostureWaiver[] {
  const rows = objects.flatMap((object) => {
    const { [ANNOTATIONS.waived]: waived, [ANNOTATIONS.unproven]: unproven } = object.metadata.annotations ?? {};
    const parts = [
      ...(waived === undefined ? [] : linesOf(waived).map(partsOf)),
      ...(unproven === undefined ? [] : [{ rule: 'reach proof', finding: 'what it opens or closes is not evaluated', reason: unproven }]),
    ];
    return parts.map((part) => ({ object: titleOf(object), ...part }));
  });
  return sortedBy(rows, ({ object }) => object, ({ rule }) => rule, ({ finding }) => finding);
}

function titleOf({ kind, metadata: { namespace, name } }: EmittedObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** One line for each finding; the reason is a person's text and may have lines of its own. */
function linesOf(text: string): string[] {
  return text.split(/\n(?=[a-z]+\/[a-z0-9-]+: )/);
}

function partsOf(line: string): Pick<PostureWaiver, 'rule' | 'finding' | 'reason'> {
  const [, rule, finding, reason] = /^([a-z]+\/[a-z0-9-]+): ([\s\S]*?) \(waived: ([\s\S]*)\)$/.exec(line) ?? [];
  // Whoever wrote the annotation by hand still has said something that a reviewer must see.
  return rule === undefined ? { rule: 'unknown', finding: line, reason: '' } : { rule, finding, reason };
}
