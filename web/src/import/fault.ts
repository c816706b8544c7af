// A file that cannot be taken: what is wrong with it, and what to do. Every importer speaks through this.
import type { FaultWords } from "../ui/faultWords";

export class ImportError extends Error {
  constructor(readonly words: FaultWords) {
    super(words.what);
  }
}

export function refuse(words: FaultWords): never {
  throw new ImportError(words);
}
