"""Writes arrays.json: NPY, NPZ and IDX files made by numpy (IDX by struct), in base64, with their values. Run: python3 make-arrays.py > arrays.json"""
import base64, gzip, io, json, struct, numpy as np
b64 = lambda b: base64.b64encode(b).decode()
cases = {
    "float64": np.array([[1.5, -2.25, 3], [4, 5, 6.5]]), "float32": np.linspace(-1, 1, 6, dtype=np.float32).reshape(3, 2),
    "float16": np.array([0.1, -65504, 6e-8, np.inf], dtype=np.float16), "int64": np.array([[[1], [-2]], [[3], [4]]]),
    "uint8": np.array([0, 255], dtype=np.uint8), "bool": np.array([True, False]), "bigEndian": np.array([1, -2, 70000], dtype=">i4"),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)), "scalar": np.array(2.5), "empty": np.zeros((0, 3), dtype=np.float32),
    "version2": np.array([7.0]),
}
def npy(a, version=(1, 0)):
    f = io.BytesIO(); np.lib.format.write_array(f, a, version=version, allow_pickle=False); return f.getvalue()
z = io.BytesIO(); np.savez_compressed(z, x=np.arange(4, dtype=np.float32), y=np.array([[1, 2]]))
images = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
idx = struct.pack(">BBBBIII", 0, 0, 8, 3, *images.shape) + images.tobytes()
floats = struct.pack(">BBBBI", 0, 0, 13, 1, 2) + struct.pack(">ff", 1.5, -2)
text = io.BytesIO(); np.save(text, np.array(["a"]))
num = lambda v: [num(e) for e in v] if isinstance(v, list) else str(v) if isinstance(v, float) and not np.isfinite(v) else v
print(json.dumps({
    "origin": f"numpy {np.__version__}, make-arrays.py",
    "npy": {k: {"file": b64(npy(a, (2, 0) if k == "version2" else (1, 0))), "shape": list(a.shape), "values": num(a.astype(float).ravel().tolist())} for k, a in cases.items()},
    "npz": b64(z.getvalue()), "idx": b64(idx), "idxGzip": b64(gzip.compress(idx, mtime=0)), "idxFloat": b64(floats), "text": b64(text.getvalue()),
}))
