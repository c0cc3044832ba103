import { packageGuide } from '../src/node/package-guide.js';
import { publicPackages } from '../scripts/pages.mjs';
import { workspaceFolder } from '../scripts/with-sources.mjs';

/** One page for each published package, made from its README. */
export default {
  paths() {
    const packages = publicPackages();
    const pages = packages.map(({ folder }) => folder);
    return packages.map((entry) => ({
      params: { package: entry.folder },
      content: packageGuide(entry, `${workspaceFolder}packages/`, pages),
    }));
  },
};
