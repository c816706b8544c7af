// The node that scripts/test-deep runs labelshare on. Nothing is compiled here; Hardhat makes a folder for
// artifacts all the same, so it gets one that git does not see.
import { defineConfig } from "hardhat/config";

export default defineConfig({
  paths: { artifacts: "node_modules/.artifacts", cache: "node_modules/.cache" },
  networks: {
    node: { type: "edr-simulated", chainId: 31337, hardfork: "cancun" },
  },
});
