// Preloaded into a measured program: writes its largest resident size, in MB, to the file named in PEAK_FILE when it ends.
import { writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS / 1024)));
