// What only a requester's browser knows: gold with its secrets, the form as it stands, and content on its way. IndexedDB.
import type { Address, Hex } from "viem";
import type { SealedGold } from "./gold";

/** Gold of a spec, kept before anybody hears of the spec. */
export interface KeptGold extends SealedGold {
  /** Of the spec that holds its root; several specs may. */
  specHash: Hex;
  title: string;
  account: Address;
  savedAt: number;
}

/** The content of a spec's items, to be handed in once its campaign is funded. */
export interface KeptContent {
  specHash: Hex;
  contents: { digest: string; content: Blob }[];
  /** Digests that the service has. */
  done: string[];
}

const NAME = "labelshare-requester";
const STORES = { gold: "specHash", contents: "specHash", forms: "account" } as const;
type StoreName = keyof typeof STORES;

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) asked.result.createObjectStore(name, { keyPath });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("another tab holds an older version of the store open"));
  });
  opened.catch(() => (opened = null));
  return opened;
}

async function run<Result>(store: StoreName, mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
  const database = await open();
  return new Promise((resolve, reject) => {
    // "strict": gold must be on the disk before its root is on chain.
    const transaction = database.transaction(store, mode, { durability: "strict" });
    const asked = act(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

export const requesterStore = {
  gold: (specHash: Hex) => run<KeptGold | undefined>("gold", "readonly", (store) => store.get(specHash)),
  everyGold: () => run<KeptGold[]>("gold", "readonly", (store) => store.getAll()),
  saveGold: (gold: KeptGold) => run("gold", "readwrite", (store) => store.put(gold)),

  contents: (specHash: Hex) => run<KeptContent | undefined>("contents", "readonly", (store) => store.get(specHash)),
  saveContents: (kept: KeptContent) => run("contents", "readwrite", (store) => store.put(kept)),
  dropContents: (specHash: Hex) => run("contents", "readwrite", (store) => store.delete(specHash)),

  form: <Form>(account: string) => run<{ account: string; form: Form } | undefined>("forms", "readonly", (store) => store.get(account)),
  saveForm: <Form>(account: string, form: Form) => run("forms", "readwrite", (store) => store.put({ account, form })),
  dropForm: (account: string) => run("forms", "readwrite", (store) => store.delete(account)),
};
