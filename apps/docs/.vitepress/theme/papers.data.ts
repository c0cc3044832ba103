import { paperRows, type PaperRow } from '../../scripts/pages.mjs';

declare const data: readonly PaperRow[];
export { data };

export default { load: paperRows };
