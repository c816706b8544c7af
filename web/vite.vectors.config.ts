import { defineConfig } from "vite";

// The checks of the vectors as one file, for a real browser (tests/web/test_vectors.py).
export default defineConfig({
  build: {
    target: "es2022",
    lib: { entry: "tests/vectors.ts", formats: ["es"], fileName: "vectors" },
  },
});
