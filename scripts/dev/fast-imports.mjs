// Preloaded into the programs that npm start runs: spares them half a second. Node reads the package.json of every file
// it imports to learn the file's format, and drizzle-orm's is 180 kB for hundreds of files, all of them ES modules.
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith(".") || !context.parentURL?.includes("/node_modules/drizzle-orm/")) {
      return next(specifier, context);
    }
    return { url: new URL(specifier, context.parentURL).href, format: "module", shortCircuit: true };
  },
});
