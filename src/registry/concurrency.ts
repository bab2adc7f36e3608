/** Asking a registry several things at a time, and never more than it likes. */

/** Blobs at a time that any registry takes from one client; docker pulls three layers and pushes five. */
export const widthOfBlobs = 4;

/** Requests at a time that carry a manifest or nothing: what they take is the way there and back, and hardly any of its width. */
export const widthOfRequests = 8;

/**
 * Does the same for each item, in their order, at most `width` at a time.
 * @returns what each work gave, in the order of the items
 * @throws what the first work that failed threw, at once; no further work is begun then
 */
export async function sideBySide<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      if (hasFailed) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
