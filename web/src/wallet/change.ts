// Asking a wallet to change to the service's chain (EIP-3326), or to learn of it first (EIP-3085).
import type { Site } from "../api/service";
import type { Provider } from "./provider";

const UNKNOWN_CHAIN = 4902;
// Some wallets say "internal error" and have the code within.
type Refusal = { code?: unknown; data?: { originalError?: { code?: unknown } } } | null | undefined;

/** The address that a wallet would be told to reach the chain by; null where the service names none. */
export function nodeAddress(site: Site): string | null {
  return site.rpc ? new URL(site.rpc, location.origin).href : null;
}

/** Has the wallet change; one that does not know the chain is asked to add it, if there is a node to name. `tell` is called before each further request. */
export async function changeTo(site: Site, provider: Provider, tell: () => void): Promise<void> {
  const chainId = `0x${site.chainId.toString(16)}`;
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
  } catch (fault) {
    const refusal = fault as Refusal;
    const unknown = refusal?.code === UNKNOWN_CHAIN || refusal?.data?.originalError?.code === UNKNOWN_CHAIN;
    const node = nodeAddress(site);
    if (!unknown || !node) throw fault;
    const nativeCurrency = { name: "Coin", symbol: "COIN", decimals: 18 };
    const added = { chainId, chainName: `Chain ${site.chainId}`, rpcUrls: [node], nativeCurrency };
    tell();
    await provider.request({ method: "wallet_addEthereumChain", params: [added] });
    tell();
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
  }
}
