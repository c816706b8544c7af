// Wallets of public test keys, for development chains alone: anyone can derive them, so they guard nothing.
import type { Hex } from "viem";
import type { Provider, Wallet } from "./provider";
import { announce } from "./provider";

export const DEVELOPMENT_CHAINS: readonly number[] = [31_337, 131_277_322_940_537];

/** The accounts of the mnemonic "test test … junk", which anvil and hardhat fund. */
const KEYS: readonly Hex[] = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
  "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
  "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
  "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
  "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
  "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
  "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
  "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];

/** Announce the dev wallets, on a development chain that pages may talk to; else do nothing. */
export function announceDevWallets(chainId: number, rpc: string | null): void {
  if (!rpc || !DEVELOPMENT_CHAINS.includes(chainId)) return;
  KEYS.forEach((key, index) => announce(devWallet(key, index, chainId, rpc)));
}

function devWallet(key: Hex, index: number, chainId: number, rpc: string): Wallet {
  const info = { uuid: crypto.randomUUID(), name: `Dev account ${index}`, icon: "", rdns: `org.labelshare.dev.${index}` };
  return { info, provider: new DevProvider(key, chainId, rpc) };
}

interface TransactionRequest {
  to?: Hex;
  data?: Hex;
  value?: Hex;
  gas?: Hex;
}

class DevProvider implements Provider {
  constructor(
    private readonly key: Hex,
    private readonly chainId: number,
    private readonly rpc: string,
  ) {}

  async request({ method, params = [] }: { method: string; params?: readonly unknown[] | object }): Promise<unknown> {
    const given = params as readonly never[];
    switch (method) {
      case "eth_chainId":
        return `0x${this.chainId.toString(16)}`;
      case "eth_accounts":
      case "eth_requestAccounts":
        return [(await this.account()).address];
      case "personal_sign":
        return (await this.account()).signMessage({ message: { raw: given[0]! as Hex } });
      case "eth_signTypedData_v4":
        return this.signTypedData(given[1]! as string);
      case "eth_sendTransaction":
        return this.send(given[0]! as TransactionRequest);
      default:
        return this.ask(method, given);
    }
  }

  private async account() {
    const { privateKeyToAccount } = await import("viem/accounts");
    return privateKeyToAccount(this.key);
  }

  private async signTypedData(text: string): Promise<Hex> {
    const { domain, types, primaryType, message } = JSON.parse(text);
    delete types.EIP712Domain;
    return (await this.account()).signTypedData({ domain, types, primaryType, message });
  }

  private async send(asked: TransactionRequest): Promise<unknown> {
    const account = await this.account();
    const from = account.address;
    const block = (await this.ask("eth_getBlockByNumber", ["latest", false])) as { baseFeePerGas?: Hex };
    const gas = asked.gas ?? ((await this.ask("eth_estimateGas", [{ ...asked, from }])) as Hex);
    const nonce = (await this.ask("eth_getTransactionCount", [from, "pending"])) as Hex;
    const tip = 1_000_000_000n;
    const signed = await account.signTransaction({
      type: "eip1559",
      chainId: this.chainId,
      nonce: Number(nonce),
      gas: (BigInt(gas) * 12n) / 10n,
      maxFeePerGas: BigInt(block.baseFeePerGas ?? "0x0") * 2n + tip,
      maxPriorityFeePerGas: tip,
      value: BigInt(asked.value ?? "0x0"),
      ...(asked.to ? { to: asked.to } : {}),
      ...(asked.data ? { data: asked.data } : {}),
    });
    return this.ask("eth_sendRawTransaction", [signed]);
  }

  private async ask(method: string, params: readonly unknown[]): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const response = await fetch(this.rpc, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const answer = (await response.json()) as { result?: unknown; error?: { code: number; message: string; data?: unknown } };
    if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code, data: answer.error.data });
    return answer.result;
  }
}
