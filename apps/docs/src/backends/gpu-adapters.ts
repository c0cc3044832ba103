/** A GPU as the browser describes it. */
export interface GpuAdapter {
  readonly name: string;
  /** Whether a program stands in for it: it computes the same, but its speed says nothing about GPUs. */
  readonly isSoftware: boolean;
}

/** The GPUs that the two interfaces of a browser offer. */
export interface GpuAdapters {
  readonly webgpu?: GpuAdapter | undefined;
  readonly webgl2?: GpuAdapter | undefined;
}

const SOFTWARE = /swiftshader|llvmpipe|softpipe|lavapipe|software|basic render|warp/i;

/** Looks for GPUs; works in pages and in workers, and needs nothing of the content security policy. */
export async function findGpuAdapters(): Promise<GpuAdapters> {
  return { webgpu: await findWebgpu(), webgl2: findWebgl2() };
}

/** The part of WebGPU used here. */
interface WebgpuAdapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: Readonly<
    Partial<Record<'vendor' | 'architecture' | 'device' | 'description', string>> & {
      isFallbackAdapter?: boolean;
    }
  >;
}
interface Webgpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<WebgpuAdapter | null>;
}

async function findWebgpu(): Promise<GpuAdapter | undefined> {
  const { gpu } = globalThis.navigator as { readonly gpu?: Webgpu };
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return undefined;
  const {
    vendor = '',
    architecture = '',
    device = '',
    description = '',
    isFallbackAdapter,
  } = adapter.info ?? {};
  const name = [description || vendor, architecture, description ? '' : device].filter(Boolean).join(' ');
  const isSoftware = (isFallbackAdapter ?? adapter.isFallbackAdapter ?? false) || SOFTWARE.test(name);
  return { name: name || 'a GPU without a name', isSoftware };
}

function findWebgl2(): GpuAdapter | undefined {
  const context = globalThis.OffscreenCanvas && new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!context) return undefined;
  const details = context.getExtension('WEBGL_debug_renderer_info');
  const name = String(context.getParameter(details ? details.UNMASKED_RENDERER_WEBGL : context.RENDERER));
  context.getExtension('WEBGL_lose_context')?.loseContext(); // a page may have few contexts
  return { name, isSoftware: SOFTWARE.test(name) };
}
