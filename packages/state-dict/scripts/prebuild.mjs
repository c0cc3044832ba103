// Run by the package build before tsc: the compiled core must exist.
import './build-core.mjs';
