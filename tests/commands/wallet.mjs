// A wallet of viem's against a running node: reads, sends, polls, decodes a refusal, signs. One JSON line at the end.
import { createRequire } from "node:module";

const [packages, url, token, from, to] = process.argv.slice(2);
const require = createRequire(packages);
const viem = require("viem");
const { foundry } = require("viem/chains");
const { privateKeyToAccount, generatePrivateKey } = require("viem/accounts");

const abi = viem.parseAbi([
  "function balanceOf(address) view returns (uint256)",
  "function transfer(address to, uint256 amount) returns (bool)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
]);
const transport = viem.http(url, { retryCount: 0, batch: true });
const id = Number(await viem.createPublicClient({ transport }).request({ method: "eth_chainId" }));
const chain = { ...foundry, id };
const client = viem
  .createTestClient({ chain, transport, mode: "anvil", pollingInterval: 100 })
  .extend(viem.publicActions)
  .extend(viem.walletActions);
const contract = { address: token, abi };
const held = (account) => client.readContract({ ...contract, functionName: "balanceOf", args: [account] });

const before = await held(to);
const filter = await client.createContractEventFilter({ ...contract, eventName: "Transfer", args: { to } });

// By an account of the node, and by a key of its own, with coins and tokens from the node's.
const own = privateKeyToAccount(generatePrivateKey());
const first = await client.writeContract({ ...contract, functionName: "transfer", args: [to, 5n], account: from });
const gifts = [
  await client.sendTransaction({ account: from, to: own.address, value: viem.parseEther("1") }),
  await client.writeContract({ ...contract, functionName: "transfer", args: [own.address, 9n], account: from }),
];
for (const hash of gifts) await client.waitForTransactionReceipt({ hash });
const second = await client.writeContract({ ...contract, functionName: "transfer", args: [to, 4n], account: own });
const receipts = [];
for (const hash of [first, second]) receipts.push(await client.waitForTransactionReceipt({ hash }));

const polled = await client.getFilterChanges({ filter });
const logs = await client.getContractEvents({ ...contract, args: { to }, fromBlock: receipts[0].blockNumber });

let refusal;
try {
  await client.simulateContract({ ...contract, functionName: "transfer", args: [to, 100n], account: own.address });
} catch (error) {
  refusal = error.walk((each) => each instanceof viem.ContractFunctionRevertedError).data;
}

const typed = {
  domain: { name: "Post", chainId: id },
  types: { Mail: [{ name: "lines", type: "string[]" }] },
  primaryType: "Mail",
  message: { lines: ["a", "b"] },
};
const signature = await client.signTypedData({ ...typed, account: from });
const personal = await client.signMessage({ message: "good day", account: from });

// A change of state for one call, and time.
const overridden = await client.getBalance({ address: own.address });
const { data } = await client.call({
  to: own.address,
  stateOverride: [{ address: own.address, code: "0x6007600052602060" + "00f3" }],
});
const then = (await client.getBlock()).timestamp;
await client.increaseTime({ seconds: 1000 });
await client.mine({ blocks: 1 });

console.log(
  JSON.stringify({
    id,
    gained: String((await held(to)) - before),
    statuses: receipts.map((each) => each.status),
    polled: polled.map((each) => String(each.args.value)),
    logs: logs.map((each) => String(each.args.value)),
    refusal: [refusal.errorName, refusal.args[0] === own.address, ...refusal.args.slice(1).map(String)],
    typed: await viem.verifyTypedData({ ...typed, address: from, signature }),
    personal: await viem.verifyMessage({ address: from, message: "good day", signature: personal }),
    coins: overridden < viem.parseEther("1") && overridden > viem.parseEther("0.9"),
    overridden: data,
    later: (await client.getBlock()).timestamp >= then + 1000n,
    fees: (await client.estimateFeesPerGas()).maxFeePerGas > 0n,
  }),
);
