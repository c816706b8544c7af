import { faulty } from "../texts/en";
/** A database of the browser's own: opened once, and written so that what is told as kept is on the disk. */

export type Run<Name extends string> = <Result>(
  store: Name,
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<Result>,
) => Promise<Result>;

/** The stores of a database by name, each with the field that is its key; gives what runs a transaction in one. */
export function keeping<Name extends string>(name: string, stores: Record<Name, string>): Run<Name> {
  let opened: Promise<IDBDatabase> | null = null;

  function open(): Promise<IDBDatabase> {
    opened ??= new Promise((resolve, reject) => {
      const asked = indexedDB.open(name, 1);
      asked.onupgradeneeded = () => {
        for (const [store, keyPath] of Object.entries<string>(stores)) asked.result.createObjectStore(store, { keyPath });
      };
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
      asked.onblocked = () => reject(new Error(faulty.store.olderTab));
    });
    opened.catch(() => (opened = null));
    return opened;
  }

  return async (store, mode, act) => {
    const database = await open();
    return new Promise((resolve, reject) => {
      // "strict": what is kept must be on the disk before anybody hears of it.
      const transaction = database.transaction(store, mode, { durability: "strict" });
      const asked = act(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  };
}
