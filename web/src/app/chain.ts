// The chain for pages that are loaded on demand, and read it at once.
import { useMemo } from "react";
import type { PublicClient } from "viem";
import { chainOf } from "../wallet/chain";
import { useWallet } from "../wallet/wallet";
import { useSite } from "./site";

/** The way to the chain, or null where there is none. */
export function useChain(): PublicClient | null {
  const site = useSite();
  const { connected } = useWallet();
  return useMemo(() => {
    try {
      return chainOf(site, connected);
    } catch {
      return null;
    }
  }, [site, connected]);
}
