import type { Ports } from './ports';

/** What a statement is about, in the order in which differences are told. */
export const SECTIONS = ['credentials', 'hosts', 'policies', 'network', 'rights', 'pods', 'waivers', 'namespaces', 'report'] as const;
export type Section = (typeof SECTIONS)[number];

/** Part of a statement that may be wider than the same part of another. */
export interface Term {
  readonly text: string;
  covers(narrower: string): boolean;
}

/**
 * Something that a posture lets happen, or, with the effect `closes`, something that it prevents. Sentences are
 * made of subject and verb: `template team-a/coder may` + `use credential KEY`.
 */
export interface Statement {
  readonly section: Section;
  readonly subject: string;
  readonly verb: string;
  readonly effect: 'opens' | 'closes';
  /** Ports that the sentence ends with. */
  readonly ports?: Ports;
  /** More to say about it, which does not tell it from others. */
  readonly note?: string;
  /** Parts that a wider statement of the same subject and kind may cover. */
  readonly terms?: readonly Term[];
  /** What statements must share to be compared by their terms. */
  readonly kind?: string;
  /** Key of a fact without which the statement means nothing: no walls are reported of a house that is new, or gone. */
  readonly within?: string;
}

/** Something that is neither more nor less, only different. */
export interface Fact {
  readonly section: Section;
  readonly key: string;
  readonly subject: string;
  /** Missing: the fact is that the subject is there. */
  readonly value?: string;
  /** Key of the fact that it is a part of. */
  readonly within?: string;
}

export interface Told {
  readonly statements: readonly Statement[];
  readonly facts: readonly Fact[];
}

export function exactly(text: string): Term {
  return { text, covers: (narrower) => narrower === text };
}

/** `*` is everything. */
export function starred(text: string): Term {
  return { text, covers: (narrower) => text === '*' || narrower === text };
}

/** An empty list is everything; a longer list is wider. */
export function anyOf(values: readonly string[], covers: (wide: string, narrow: string) => boolean = (wide, narrow) => wide === narrow): Term {
  return {
    text: JSON.stringify(values),
    covers: (narrower) => {
      const others = JSON.parse(narrower) as string[];
      return values.length === 0 || (others.length > 0 && others.every((other) => values.some((value) => covers(value, other))));
    },
  };
}

export function told(...parts: readonly Told[]): Told {
  return { statements: parts.flatMap(({ statements }) => statements), facts: parts.flatMap(({ facts }) => facts) };
}

/** The sentences of a subject whose condition holds. */
export function powers(section: Section, subject: string, verbs: Readonly<Record<string, boolean>>): Statement[] {
  return Object.entries(verbs).filter(([, holds]) => holds).map(([verb]) => ({ section, subject, verb, effect: 'opens' }));
}

/** What a document may say at most: products of long lists must not exhaust the reader. */
export const MAX_STATEMENTS = 500_000;

export function refuseBeyondLimit(count: number): void {
  if (count > MAX_STATEMENTS) throw new Error(`it says more than ${MAX_STATEMENTS} things, which no platform does`);
}
