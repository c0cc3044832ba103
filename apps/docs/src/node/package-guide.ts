import { existsSync } from 'node:fs';

/** What the guide page of a package is made of. */
export interface GuideSource {
  /** Name of the package's folder. */
  readonly folder: string;
  /** Name on npm. */
  readonly name: string;
  readonly description: string;
  readonly readme?: string | undefined;
}

/**
 * The guide page of a package: its README (or its name and description while it has none) and a link to its API.
 *
 * A link to a neighbour's README leads to the neighbour's page; a link to any other file of the repository loses its address,
 * since the site does not hold that file.
 *
 * @param packagesFolder - the folder of all packages, with a slash at its end
 * @param pages - folder names of the packages that have a page
 * @throws {Error} when the README links to a file that is not there
 */
export function packageGuide(source: GuideSource, packagesFolder: string, pages: readonly string[]): string {
  const { folder, name, description, readme = `# ${name}\n\n${description}\n` } = source;
  const linked = readme.replace(
    /(?<!!)\[([^\]]*)\]\((?![a-z]+:|[/#])([^)\s#]+)[^)\s]*\)/g,
    (_, label: string, target: string) => {
      const { pathname } = new URL(target, `file://${packagesFolder}${folder}/`);
      if (!existsSync(pathname))
        throw new Error(`packages/${folder}/README.md: links to "${target}", which is not there`);
      const [neighbour = '', rest = ''] = pathname.slice(packagesFolder.length).split('/');
      const isPage =
        pathname.startsWith(packagesFolder) && pages.includes(neighbour) && /^(README\.md)?$/.test(rest);
      return isPage ? `[${label}](/guide/${neighbour})` : label;
    },
  );
  return `${linked.trimEnd()}\n\n[Everything ${name} exports](/api/${folder})\n`;
}
