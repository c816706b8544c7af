// What only a requester's browser knows: gold with its secrets, the form as it stands, and content on its way. IndexedDB.
import type { Address, Hex } from "viem";
import type { Content } from "../import/content";
import type { SealedGold } from "./gold";
import { keeping } from "../store/indexed";

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
  contents: { digest: string; content: Content }[];
  /** Digests that the service has. */
  done: string[];
}

const run = keeping("labelshare-requester", { gold: "specHash", contents: "specHash", forms: "account" });

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
