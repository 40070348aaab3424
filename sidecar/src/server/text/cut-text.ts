/**
 * The first characters of a text, counted as the API server counts them: never half a surrogate pair, and none that is alone.
 * What is cut ends as told, within the limit.
 */
export function cutText(text: string, limit: number, end = ''): string {
  // A character has at most two UTF-16 units, so these are enough to see whether there are too many.
  const near = text.length > limit ? [...text.slice(0, 2 * limit + 1)] : [];
  const fitting = near.length > limit ? near.slice(0, limit - end.length).join('') + end : text;
  return fitting.replace(/\p{Surrogate}/gu, '\ufffd');
}
